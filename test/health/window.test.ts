import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observe, openWindow, type Verdict, verdict, type Window } from '../../src/health/window.ts';
import type { Sample, Vantage } from '../../src/model/health.ts';

const RUNS = 5_000;
const NAME = 'GET http://127.0.0.1:6188/readyz';
const PARAMS = { minHealthyMs: 10_000, healthyDeadlineMs: 120_000 };

function sample(at: number, ok: boolean, change: Partial<Sample> = {}): Sample {
  const checks = [{ name: NAME, ok, detail: ok ? 'answered 200' : 'answered 503' }];
  return { at, ok, proof: { ok: true, why: '' }, pid: 7, restarts: 0, checks, final: false, ...change };
}

function fold(
  samples: readonly (Sample | readonly [Sample, Vantage])[],
  params: Parameters<typeof openWindow>[0] = PARAMS,
): Window {
  let window = openWindow(params, 0);
  for (const one of samples)
    window = 'checks' in one ? observe(window, one) : observe(window, one[0], one[1]);
  return window;
}

/** One sample a second from 1 s on: `+` passes, `-` fails. */
function rounds(text: string): readonly Sample[] {
  return [...text].map((c, n) => sample((n + 1) * 1_000, c === '+'));
}

function spoken(text: string, params = PARAMS): Verdict {
  const samples = rounds(text);
  return verdict(fold(samples, params), samples.at(-1)?.at ?? 0);
}

describe('the window', () => {
  it('waits until everything has passed for the whole time', () => {
    expect(spoken('')).toEqual({ kind: 'waiting', healthyForMs: 0, needMs: 10_000 });
    expect(spoken('++++++++')).toEqual({ kind: 'waiting', healthyForMs: 7_000, needMs: 10_000 });
    expect(spoken('+++++++++++')).toEqual({ kind: 'healthy', ms: 11_000, probes: 11 });
  });

  it('starts anew at any failed sample', () => {
    expect(spoken('++++++++++-++')).toEqual({ kind: 'waiting', healthyForMs: 1_000, needMs: 10_000 });
    expect(spoken('+++-+++++++++++')).toEqual({ kind: 'healthy', ms: 15_000, probes: 15 });
  });

  it('is satisfied by the first passing sample when no time is asked', () => {
    const params = { ...PARAMS, minHealthyMs: 0 };
    expect(spoken('--', params).kind).toBe('waiting');
    expect(spoken('--+', params)).toEqual({ kind: 'healthy', ms: 3_000, probes: 3 });
  });

  it('starts anew when the process is another one, or was restarted', () => {
    for (const change of [{ pid: 8 }, { restarts: 1 }]) {
      const samples = [
        sample(1_000, true),
        sample(9_000, true),
        sample(10_000, true, change),
        sample(12_000, true, change),
      ];
      expect(verdict(fold(samples), 12_000)).toEqual({
        kind: 'waiting',
        healthyForMs: 2_000,
        needMs: 10_000,
      });
    }
  });

  it('ends at once when the unit will not come back', () => {
    const proof = { ok: false, why: 'the unit is failed (failed): exit-code' };
    const dead = fold([sample(1_000, true), sample(2_000, false, { final: true, proof })]);
    expect(verdict(dead, 2_000)).toEqual({
      kind: 'failed',
      why: 'has ended: the unit is failed (failed): exit-code',
    });
    expect(verdict(fold([sample(1_000, false, { final: true })]), 1_000)).toEqual({
      kind: 'failed',
      why: 'has ended',
    });
  });

  it('takes time without samples for no proof', () => {
    expect(verdict(fold([sample(1_000, true)]), 60_000)).toEqual({
      kind: 'waiting',
      healthyForMs: 0,
      needMs: 10_000,
    });
  });

  it('never changes its mind', () => {
    const healthy = fold(rounds('+++++++++++'));
    expect(observe(healthy, sample(12_000, false))).toBe(healthy);
    expect(verdict(healthy, 999_000)).toMatchObject({ kind: 'healthy' });
    const late = observe(fold(rounds('-')), sample(120_000, true));
    expect(observe(late, sample(121_000, true))).toBe(late);
  });
});

describe('the deadline', () => {
  it('says what was wrong and how often', () => {
    const failing = fold(Array.from({ length: 14 }, (_, n) => sample(n * 8_000, false)));
    expect(verdict(failing, 120_000)).toEqual({
      kind: 'failed',
      why: `was not healthy within 120 s: ${NAME} answered 503 (14 of 14)`,
    });
  });

  it('names what flaps, what is no proof, what only ran out of time, and silence', () => {
    const why = (window: Window): string => {
      const v = verdict(window, 120_000);
      return v.kind === 'failed' ? v.why.replace('was not healthy within 120 s: ', '') : v.kind;
    };
    expect(why(fold(rounds('+-+-++')))).toBe(`${NAME} answered 503 (2 of 6)`);
    const proof = { ok: false, why: 'restarted, 3 restarts so far' };
    expect(why(fold([sample(1_000, true), sample(2_000, false, { proof })]))).toBe(
      'restarted, 3 restarts so far (1 of 2)',
    );
    expect(why(fold([sample(115_000, true)]))).toBe('it did not stay healthy long enough');
    expect(why(fold([]))).toBe('nothing was heard of it');
    expect(why(fold([sample(1_000, false, { checks: [] })]))).toBe('failed (0 of 1)');
  });

  it('cannot be met by a sample that comes after it', () => {
    const window = fold([sample(111_000, true), sample(121_000, true)]);
    expect(verdict(window, 121_000).kind).toBe('failed');
  });
});

describe('two vantages', () => {
  const params = { ...PARAMS, outside: true };
  const host = (at: number, ok = true): Sample => sample(at, ok);
  const outside = (at: number, ok = true) => [sample(at, ok, { pid: 0 }), 'outside'] as const;

  it('must both pass, for the whole time', () => {
    expect(verdict(fold([host(1_000), host(20_000)], params), 20_000).kind).toBe('waiting');
    expect(
      verdict(fold([host(1_000), outside(5_000), host(14_000), outside(14_500)], params), 14_500),
    ).toEqual({
      kind: 'waiting',
      healthyForMs: 9_000,
      needMs: 10_000,
    });
    expect(
      verdict(fold([host(1_000), outside(5_000), host(15_000), outside(15_500)], params), 15_500),
    ).toEqual({
      kind: 'healthy',
      ms: 15_500,
      probes: 4,
    });
  });

  it('start anew when either fails', () => {
    const window = fold(
      [host(1_000), outside(1_100), host(9_000), outside(9_100, false), host(12_000), outside(12_100)],
      params,
    );
    expect(verdict(window, 12_100)).toEqual({ kind: 'waiting', healthyForMs: 0, needMs: 10_000 });
  });

  it('are not taken for another process', () => {
    const window = fold([host(1_000), outside(1_100), host(11_000), outside(11_200)], params);
    expect(verdict(window, 11_200)).toMatchObject({ kind: 'waiting', healthyForMs: 9_900 });
  });

  it('pass with one sample each when no time is asked', () => {
    const now = { ...params, minHealthyMs: 0 };
    expect(verdict(fold([host(1_000)], now), 1_000).kind).toBe('waiting');
    expect(verdict(fold([host(1_000), outside(3_000)], now), 3_000).kind).toBe('healthy');
  });
});

describe('over random samples', { timeout: 120_000 }, () => {
  const history = fc.array(
    fc.record({
      gap: fc.integer({ min: 1, max: 4_000 }),
      ok: fc.boolean(),
      pid: fc.constantFrom(7, 7, 7, 7, 8),
      final: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
    }),
    { maxLength: 60 },
  );
  const params = fc.record({
    minHealthyMs: fc.constantFrom(0, 2_000, 10_000),
    healthyDeadlineMs: fc.constantFrom(5_000, 30_000, 120_000),
  });

  it('says healthy exactly when some run of passing samples of one process is long enough and in time', () => {
    fc.assert(
      fc.property(history, params, (beats, p) => {
        let at = 0;
        const samples = beats.map(({ gap, ok, pid, final }) => {
          at += gap;
          return sample(at, ok && !final, { pid, final });
        });
        let since: number | undefined;
        let last: Sample | undefined;
        let want: Verdict['kind'] | undefined;
        for (const s of samples) {
          if (want !== undefined) break;
          if (s.at >= p.healthyDeadlineMs || s.final) want = 'failed';
          else {
            if (!s.ok || (last !== undefined && last.pid !== s.pid)) since = undefined;
            if (s.ok) since ??= s.at;
            if (since !== undefined && s.at - since >= p.minHealthyMs) want = 'healthy';
          }
          last = s;
        }
        expect(verdict(fold(samples, p), Math.min(at, p.healthyDeadlineMs - 1)).kind).toBe(want ?? 'waiting');
        expect(verdict(fold(samples, p), Number.MAX_SAFE_INTEGER).kind).toBe(want ?? 'failed');
      }),
      { numRuns: RUNS },
    );
  });
});
