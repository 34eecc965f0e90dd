import { describe, expect, it } from 'vitest';
import { baselineOf, judge, judgeOutside, needsOutside } from '../../src/health/judge.ts';
import type { RawProbe, RawSample } from '../../src/health/raw.ts';
import type { HttpExpect, Probe } from '../../src/model/health.ts';
import { answer, check, ECHO, http, raw } from './raw.ts';

const seen = { at: 5_000, pid: 4121, restarts: 0 };

function why(
  change: Partial<RawSample>,
  baseline: { pid?: number; restarts: number } = { pid: 4121, restarts: 0 },
): string {
  const sample = judge(raw(change), check(), ECHO, { at: 0, ...baseline });
  expect(sample.ok).toBe(sample.proof.ok);
  return sample.proof.why;
}

function probe(asked: Probe, got: RawProbe | undefined): string {
  const sample = judge(raw({ probes: got === undefined ? [] : [got] }), check(asked), ECHO, seen);
  const [result] = sample.checks;
  expect(sample.ok).toBe(result?.ok);
  return `${result?.ok === true ? 'ok' : 'no'}: ${result?.name} ${result?.detail}`;
}

function expectation(expect: HttpExpect, got: Partial<Extract<RawProbe, { kind: 'http' }>>): string {
  return probe(http(expect), answer(got)).replace('GET http://127.0.0.1:6188/readyz ', '');
}

describe('the proof', () => {
  it('holds for the verified binary, started after the switch, still the same process', () => {
    expect(why({})).toBe('');
    expect(why({}, { restarts: 0 })).toBe('');
    expect(why({ activeState: 'reloading' })).toBe('');
  });

  it.each([
    [
      { activeState: 'failed', subState: 'failed', result: 'exit-code' },
      'the unit is failed (failed): exit-code',
    ],
    [
      { activeState: 'activating', subState: 'auto-restart', result: 'success' },
      'the unit is activating (auto-restart)',
    ],
    [
      { activeState: 'activating', subState: 'auto-restart', result: '' },
      'the unit is activating (auto-restart)',
    ],
    [{ pid: 0 }, 'the unit has no main process'],
    [{ restarts: 2 }, 'restarted, 2 restarts so far'],
    [{ pid: 4300 }, 'another process: pid 4121 became 4300'],
    [{ startedAfterSwitch: false }, 'pid 4121 was started before the switch'],
    [{ exeMatch: false }, 'pid 4121 does not run the binary of the release'],
    [{ missingListens: [6188, 6189] }, 'pid 4121 does not listen on :6188, :6189'],
  ])('fails for %o', (change, text) => {
    expect(why(change)).toBe(text);
  });

  it('takes a unit that failed or ended as the end, and no other state', () => {
    const final = (activeState: string): boolean => judge(raw({ activeState }), check(), ECHO, seen).final;
    expect(['failed', 'inactive', 'activating', 'deactivating', 'active'].map(final)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('spoils one round after a restart when it is compared with the round before', () => {
    const restarted = raw({ pid: 4200, restarts: 1 });
    const first = judge(restarted, check(), ECHO, seen);
    expect(first.ok).toBe(false);
    expect(judge(restarted, check(), ECHO, { at: 6_000, ...baselineOf(first) }).ok).toBe(true);
  });
});

describe('an http probe', () => {
  it('names the request and the answer', () => {
    expect(probe(http(), answer())).toBe('ok: GET http://127.0.0.1:6188/readyz answered 200');
    expect(probe(http(), answer({ status: 503 }))).toBe('no: GET http://127.0.0.1:6188/readyz answered 503');
    expect(probe(http({}, { tls: true }), answer({ status: 0, error: 'connection refused' }))).toBe(
      'no: GET https://127.0.0.1:6188/readyz connection refused',
    );
    expect(probe(http(), answer({ status: 0 }))).toBe('no: GET http://127.0.0.1:6188/readyz no answer');
  });

  it('expects a status, 200 unless told otherwise', () => {
    expect(expectation({ status: [200, 204] }, { status: 204 })).toBe('ok: answered 204');
    expect(expectation({}, { status: 204 })).toBe('no: answered 204');
  });

  it('expects a part of the body', () => {
    expect(expectation({ body: 'ready' }, { body: 'all ready' })).toBe('ok: answered 200');
    expect(expectation({ body: 'ready' }, { body: 'starting' })).toBe(
      'no: answered 200 without "ready" in the body',
    );
  });

  it('expects headers, whatever their case', () => {
    const headers = [['X-Mode', 'live']] as const;
    expect(expectation({ headers: { 'x-mode': 'live' } }, { headers })).toBe('ok: answered 200');
    expect(expectation({ headers: { 'x-mode': 'drain' } }, { headers })).toBe(
      'no: answered with x-mode: live, not drain',
    );
    expect(expectation({ headers: { 'x-zone': 'b' } }, { headers })).toBe(
      'no: answered with x-zone: (absent), not b',
    );
  });

  it.each([['9b7e01d3c4f5'], ['9b7e01d'], ['v1.4.2']])('takes %s for the release, in a header', (value) => {
    expect(expectation({ release: 'x-release' }, { headers: [['X-Release', value]] })).toBe(
      'ok: answered 200',
    );
  });

  it.each([['9b7e0'], ['9b7e01dff'], ['v1.4.1'], ['']])('does not take %o for the release', (value) => {
    expect(expectation({ release: 'x-release' }, { headers: [['X-Release', value]] })).toMatch(
      /^no: answered as release .*, not v1\.4\.2$/,
    );
  });

  it('finds the release in JSON', () => {
    const body = JSON.stringify({ build: { release: 'v1.4.2', parts: [{ n: 7 }], ok: true, nothing: null } });
    expect(expectation({ release: 'json:build.release' }, { body })).toBe('ok: answered 200');
    expect(expectation({ release: 'json:build.parts.0.n' }, { body })).toBe(
      'no: answered as release 7, not v1.4.2',
    );
    expect(expectation({ release: 'json:build.ok' }, { body })).toBe(
      'no: answered as release true, not v1.4.2',
    );
    for (const path of [
      'release',
      'build.nothing',
      'build.nothing.x',
      'build',
      'build.release.length',
      '__proto__',
      'build.constructor',
    ]) {
      expect(expectation({ release: `json:${path}` }, { body })).toBe(
        `no: answered without the release in json:${path}`,
      );
    }
    expect(expectation({ release: 'json:build' }, { body: 'OK' })).toBe(
      'no: answered without the release in json:build',
    );
    expect(expectation({ release: 'x-release' }, {})).toBe(
      'no: answered without the release in the header x-release',
    );
  });
});

describe('other probes', () => {
  it('tcp', () => {
    const tcp: Probe = { kind: 'tcp', port: 6188, timeoutMs: 1_000, from: ['host'] };
    expect(probe(tcp, { id: '0', kind: 'tcp', ok: true, error: '' })).toBe('ok: tcp :6188 accepted');
    expect(probe(tcp, { id: '0', kind: 'tcp', ok: false, error: 'connection refused' })).toBe(
      'no: tcp :6188 connection refused',
    );
    expect(probe(tcp, { id: '0', kind: 'tcp', ok: false, error: '' })).toBe('no: tcp :6188 no connection');
  });

  it('exec', () => {
    const exec: Probe = { kind: 'exec', argv: ['/usr/bin/check', '-q'], timeoutMs: 1_000 };
    expect(probe(exec, { id: '0', kind: 'exec', code: 0, error: '' })).toBe(
      'ok: exec /usr/bin/check -q exited 0',
    );
    expect(probe(exec, { id: '0', kind: 'exec', code: 3, error: '' })).toBe(
      'no: exec /usr/bin/check -q exited 3',
    );
    expect(probe(exec, { id: '0', kind: 'exec', code: -1, error: 'timed out' })).toBe(
      'no: exec /usr/bin/check -q exited -1: timed out',
    );
  });

  it('systemd', () => {
    expect(probe({ kind: 'systemd' }, undefined)).toBe('ok: systemd active (running)');
  });

  it('fails what was asked and not answered, or answered as something else', () => {
    expect(probe(http(), undefined)).toBe('no: GET http://127.0.0.1:6188/readyz was not probed');
    expect(probe(http(), { id: '0', kind: 'tcp', ok: true, error: '' })).toBe(
      'no: GET http://127.0.0.1:6188/readyz was not probed',
    );
  });
});

describe('the vantages', () => {
  const both = check(http({}, { from: ['host', 'outside'] }), http({}, { from: ['outside'], path: '/' }), {
    kind: 'exec',
    argv: ['x'],
    timeoutMs: 1,
  });

  it('each judge their own probes', () => {
    const inside = judge(
      raw({ probes: [answer(), { id: '2', kind: 'exec', code: 0, error: '' }] }),
      both,
      ECHO,
      seen,
    );
    expect(inside.ok).toBe(true);
    expect(inside.checks.map((c) => c.name)).toEqual(['GET http://127.0.0.1:6188/readyz', 'exec x']);
    const outside = judgeOutside([answer(), answer({ id: '1', status: 502 })], both, ECHO, {
      at: 9,
      address: '198.18.0.7',
    });
    expect(outside.ok).toBe(false);
    expect(outside.checks.map((c) => `${c.name} ${c.detail}`)).toEqual([
      'GET http://198.18.0.7:6188/readyz answered 200',
      'GET http://198.18.0.7:6188/ answered 502',
    ]);
    expect(outside).toMatchObject({ at: 9, proof: { ok: true }, final: false });
  });

  it('write an IPv6 address as a URL does', () => {
    const sample = judgeOutside([], both, ECHO, { at: 0, address: 'fd00::7' });
    expect(sample.checks[0]?.name).toBe('GET http://[fd00::7]:6188/readyz');
  });

  it('say whether the controller has to probe', () => {
    expect(needsOutside(both)).toBe(true);
    expect(
      needsOutside(check(http(), { kind: 'systemd' }, { kind: 'exec', argv: ['x'], timeoutMs: 1 })),
    ).toBe(false);
    expect(needsOutside(check({ kind: 'tcp', port: 1, timeoutMs: 1, from: ['outside'] }))).toBe(true);
  });
});
