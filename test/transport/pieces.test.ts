import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepText, passLines } from '../../src/transport/capture.ts';
import { createGate } from '../../src/transport/gate.ts';
import { strictVerifier, watchKey } from '../../src/transport/host-key.ts';
import { LinkFailure, linkFailure } from '../../src/transport/link-failure.ts';
import { safeAddress, safeUser } from '../../src/transport/names.ts';
import { printable } from '../../src/transport/printable.ts';
import { pauseMs, withRetries } from '../../src/transport/retry.ts';

/** The bytes of `text`, cut at random places. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

const anyText = fc.string({ unit: fc.constantFrom('a', '€', '😀', '\n', '\r', '\uFEFF'), maxLength: 60 });
const anyCuts = fc.array(fc.nat(200), { maxLength: 20 });

describe('output', () => {
  it('gives the same lines wherever the chunks are cut', () => {
    fc.assert(
      fc.property(anyText, anyCuts, (text, cuts) => {
        const lines: string[] = [];
        const capture = passLines(1_000, (line) => lines.push(line));
        for (const piece of pieces(text, cuts)) expect(capture.push(piece)).toBe(true);
        expect([...lines, capture.text()].join('\n')).toBe(text);
        expect(lines).toHaveLength(text.split('\n').length - 1);
      }),
    );
  });

  it('is kept up to the cap, without half a character', () => {
    fc.assert(
      fc.property(anyText, anyCuts, fc.nat(80), (text, cuts, max) => {
        const capture = keepText(max);
        let fits = true;
        for (const piece of pieces(text, cuts)) fits = capture.push(piece);
        expect(fits).toBe(Buffer.byteLength(text) <= max);
        expect(text.startsWith(capture.text())).toBe(true);
        expect(Buffer.byteLength(capture.text())).toBeGreaterThan(Math.min(max, Buffer.byteLength(text)) - 4);
      }),
    );
  });
});

describe('a verifier of host keys', () => {
  it.each([
    ['a promise of true', () => Promise.resolve(true)],
    ['1', () => 1],
    ['0', () => 0],
    ['null', () => null],
    ['undefined', () => undefined],
    ['a text', () => 'true'],
    ['an object', () => ({})],
    ['false', () => false],
    [
      'nothing, it throws',
      () => {
        throw new Error('no');
      },
    ],
  ])('says no when it returns %s', (_, verify: () => unknown) => {
    expect(strictVerifier(verify)(Buffer.alloc(0))).toBe(false);
  });

  it('says yes with true alone', () => {
    expect(strictVerifier(() => true)(Buffer.alloc(0))).toBe(true);
  });
});

describe('the key of a connection', () => {
  it('has to be the same when session keys are renewed, also where new keys are accepted', () => {
    const known = { name: 'h', keys: [], revoked: [], authorities: [] };
    const watch = watchKey({ kind: 'files', known }, 'accept-new');
    expect(watch.verify(Buffer.from('one'))).toBe(true);
    expect(watch.verify(Buffer.from('two'))).toBe(false);
    expect(watch.verify(Buffer.from('one'))).toBe(true);
    expect(watch.seen()?.key.toString()).toBe('one');
  });

  it('does not become right by being shown again', () => {
    const known = { name: 'h', keys: [], revoked: [], authorities: [] };
    const watch = watchKey({ kind: 'files', known }, 'strict');
    expect(watch.verify(Buffer.from('one'))).toBe(false);
    expect(watch.verify(Buffer.from('one'))).toBe(false);
  });
});

describe('a gate', () => {
  it('never lets in more than its limit, and everybody in the end', async () => {
    const gate = createGate(3);
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((r) => setTimeout(r, 2));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => gate.pass(work)));
    expect(most).toBe(3);
    expect(gate.inside).toBe(0);
  });

  it('keeps its order, lets go of who gives up, and holds to a lower limit', async () => {
    const gate = createGate(2);
    const leave = [await gate.enter(), await gate.enter()];
    const order: string[] = [];
    const abort = new AbortController();
    const first = gate.enter().then((l) => {
      order.push('first');
      return l;
    });
    const gone = gate.enter(abort.signal);
    const second = gate.enter().then((l) => {
      order.push('second');
      return l;
    });
    abort.abort('enough');
    await expect(gone).rejects.toBe('enough');
    gate.shrinkTo(1);
    leave[0]?.();
    leave[0]?.();
    await new Promise((r) => setTimeout(r, 5));
    expect(order).toEqual([]);
    leave[1]?.();
    (await first)();
    await second;
    expect(order).toEqual(['first', 'second']);
    await expect(gate.enter(AbortSignal.abort('late'))).rejects.toBe('late');
  });
});

describe('retries', () => {
  const times = { retries: 5, leastMs: 1, mostMs: 4 };

  it('pause between 0.2 and 5 seconds', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const pause = pauseMs(attempt, { retries: 5, leastMs: 200, mostMs: 5_000 }, random);
        expect(pause).toBeGreaterThanOrEqual(200);
        expect(pause).toBeLessThanOrEqual(5_000);
      }),
    );
  });

  const countTries = async (failure: LinkFailure): Promise<number> => {
    let tries = 0;
    const work = async (): Promise<never> => {
      tries += 1;
      throw failure;
    };
    await expect(withRetries(work, times, undefined)).rejects.toBe(failure);
    return tries;
  };

  it('are five after a reset before the login, and none after a failed login', async () => {
    expect(await countTries(linkFailure('handshake', undefined))).toBe(6);
    expect(await countTries(linkFailure('auth', undefined))).toBe(1);
    expect(await countTries(linkFailure('auth', Object.assign(new Error('x'), { code: 'ECONNRESET' })))).toBe(
      1,
    );
    expect(
      await countTries(linkFailure('dial', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))),
    ).toBe(1);
  });

  it('end when the caller does', async () => {
    const abort = new AbortController();
    const failure = new LinkFailure('reset-before-auth', 'x', true);
    const running = withRetries(
      () => Promise.reject(failure),
      { retries: 5, leastMs: 5_000, mostMs: 5_000 },
      abort.signal,
    );
    setTimeout(() => abort.abort(), 20);
    await expect(running).rejects.toMatchObject({ failure: 'aborted' });
  });
});

describe('text of strangers', () => {
  it('has no control characters and an end', () => {
    expect(printable('\u001b]52;c;aGk=\u0007bad\r\n\u202Etxt\u0000')).toBe(']52;c;aGk= bad txt');
    expect(printable('x'.repeat(1_000)).length).toBeLessThan(310);
  });
});

describe('names', () => {
  it.each([
    '-oProxyCommand=x',
    'a b',
    'a;b',
    '$(x)',
    'a\nb',
    '',
    '%h',
    'a/b',
    '`x`',
    '[::1',
    'x'.repeat(254),
  ])('refuse %j', (name) => {
    expect(safeAddress(name)).toBe(false);
    expect(safeUser(name)).toBe(false);
  });

  it.each(['edge-01', '198.51.100.7', '2001:db8::1', '[2001:db8::1]', '_x', 'a.b_c'])('take %j', (name) => {
    expect(safeAddress(name)).toBe(true);
  });
});
