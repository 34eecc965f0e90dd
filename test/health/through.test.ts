import { describe, expect, test } from 'vitest';
import type { RawHttp } from '../../src/health/echo.ts';
import {
  explainThrough,
  NOTHING_SEEN,
  observeThrough,
  type ThroughSeen,
  type ThroughWanted,
} from '../../src/health/through.ts';
import type { Through } from '../../src/model/through.ts';

const NEW = '9b7e01d'.padEnd(64, '0');
const OLD = '4f1c2a9'.padEnd(64, '0');

const through: Through = {
  url: 'http://shop.example/version',
  balancers: ['lb'],
  headers: {},
  instance: { in: 'x-server', is: 'edge-01-1' },
  release: 'x-release',
  pid: 'x-pid',
  status: [200],
  times: 2,
  withinMs: 30_000,
  timeoutMs: 2_000,
};

const wanted: ThroughWanted = {
  release: { release: NEW, label: 'v2' },
  before: { release: OLD, label: 'v1' },
  pid: 4121,
  up: true,
  patient: false,
};

type Said = { readonly server?: string; readonly release?: string; readonly pid?: string };

function answer(status: number, said: Said = {}): RawHttp {
  const headers = Object.entries(said).map(([k, v]): [string, string] => [`x-${k}`, v]);
  return { id: '', kind: 'http', status, error: status === 0 ? 'connection refused' : '', headers, body: '' };
}

const good = answer(200, { server: 'edge-01-1', release: NEW, pid: '4121' });
const other = answer(200, { server: 'edge-02-1', release: NEW, pid: '4121' });

function see(answers: readonly RawHttp[], change: Partial<ThroughWanted> = {}, over: Partial<Through> = {}) {
  const from = { ...through, ...over };
  return answers.reduce<ThroughSeen>(
    (seen, raw) => observeThrough(seen, raw, from, { ...wanted, ...change }),
    NOTHING_SEEN,
  );
}

const mine = (change: Said, status = 200): RawHttp =>
  answer(status, { server: 'edge-01-1', release: NEW, pid: '4121', ...change });

test('as many good answers of the instance as it takes, whoever else answers in between', () => {
  expect(see([good, other, other]).settled).toBeUndefined();
  expect(see([good, other, other, good]).settled).toBe('served');
  expect(see([good, mine({ release: 'v2' })]).settled).toBe('served');
});

describe('what never counts, and never ends it either', () => {
  test.each<[string, RawHttp, string]>([
    ['the same release and pid on another host', other, 'reached edge-02-1'],
    ['another instance that is ill', answer(503, { server: 'edge-02-1' }), 'reached edge-02-1'],
    [
      'nobody who can be told',
      answer(200, { release: NEW, pid: '4121' }),
      'without the instance in the header x-server',
    ],
    ['no release', answer(200, { server: 'edge-01-1' }), 'without the release in the header x-release'],
    ['the process before it', mine({ release: OLD, pid: '4000' }), `as release ${OLD}, not v2`],
    ['another process with the release', mine({ pid: '4000' }), 'as pid 4000, not 4121'],
    ['no process', answer(200, { server: 'edge-01-1', release: NEW }), 'as pid (absent), not 4121'],
    ['another status', mine({}, 404), 'answered 404'],
    ['no connection', answer(0), 'connection refused'],
    ['a part of a release id that names nothing', mine({ release: NEW.slice(0, 3) }, 200), ''],
  ])('%s', (_, raw, why) => {
    const seen = see([raw, raw, raw], { before: { release: OLD, label: NEW.slice(0, 3) } });
    expect(seen.settled).toBeUndefined();
    expect(seen.proofs).toBe(0);
    expect(explainThrough(seen)).toContain(why);
  });
});

describe('what ends it at once', () => {
  test.each<[string, readonly RawHttp[], string]>([
    ['5xx of the instance', [good, mine({}, 500)], 'answered 500'],
    ['5xx of the balancer', [answer(503)], 'answered 503'],
    [
      'a release that is neither old nor new',
      [mine({ release: 'abcdef0' })],
      'answered as release abcdef0, not v2',
    ],
  ])('%s', (_, answers, why) => {
    expect(see(answers).settled).toEqual({ why });
  });

  test('but on the way back nothing does but the time', () => {
    const bad = [answer(503), mine({}, 500), mine({ release: 'abcdef0' })];
    expect(see(bad, { patient: true }).settled).toBeUndefined();
    expect(see([...bad, good, good], { patient: true }).settled).toBe('served');
  });

  test('5xx of a balancer that may not have noticed yet that the instance is there', () => {
    expect(see([answer(503), answer(503)], { up: false }).settled).toBeUndefined();
    expect(see([answer(503), good, good], { up: false }).settled).toBe('served');
    expect(see([answer(503), other, answer(503)], { up: false }).settled).toEqual({ why: 'answered 503' });
  });
});

test('what is settled stays so', () => {
  const failed = see([answer(503)]);
  expect(observeThrough(failed, good, through, wanted)).toBe(failed);
});

test('in a JSON body as well, and without a pid where none is known', () => {
  const json = { instance: { in: 'json:at.server', is: 'edge-01-1' }, release: 'json:release', times: 1 };
  const raw = { ...answer(200), body: JSON.stringify({ at: { server: 'edge-01-1' }, release: NEW }) };
  expect(see([raw], { pid: 0 }, json).settled).toBe('served');
  expect(see([raw], {}, json).settled).toBeUndefined();
});

test('it says what it got, most often first', () => {
  const seen = see([other, other, answer(0), good]);
  expect(explainThrough(seen)).toBe('asked 4 times: good (1), reached edge-02-1 (2), connection refused (1)');
  expect(explainThrough(NOTHING_SEEN)).toBe('no answer at all');
});
