import { expect, test } from 'vitest';
import { withDrains } from '../../../src/execute/drain/preflight.ts';
import type { Fleet } from '../../../src/execute/fleet.ts';
import type { CallResult } from '../../../src/execute/host-link.ts';
import type { Made } from '../../../src/execute/made.ts';
import type { Drain } from '../../../src/model/drain.ts';
import { assemble } from '../../../src/plan/assemble.ts';
import { compiled, host, OLD, observation, planHost, planInput, running } from '../../plan/build.ts';

const UP: CallResult = { kind: 'ok', lines: ['server 0 0 UP'] };
const NO_SERVER: CallResult = {
  kind: 'error',
  code: 'not-found',
  message: 'HAProxy has no server edge/edge-01-1',
  lines: [],
};

const haproxy = (server: string): Drain => ({
  kind: 'haproxy',
  balancers: ['lb-1', 'lb-2'],
  backend: 'edge',
  server,
  socket: '/run/haproxy/admin.sock',
  waitMs: 30_000,
});
const call: Drain = {
  kind: 'http',
  drain: 'https://lb.example.com/drain',
  undrain: 'https://lb.example.com/ready',
  method: 'POST',
  headers: {},
  waitMs: 10_000,
};

/** A plan that restarts two instances of one host, behind balancers that answer like this. */
async function plan(answers: { readonly [balancer: string]: CallResult }, ...more: Drain[]) {
  const asked: string[] = [];
  const fleet = {
    link: (name: string) => ({
      call: async () => {
        asked.push(name);
        return answers[name];
      },
    }),
  } as unknown as Fleet;
  const one = host('edge-01', { instances: ['1', '2'] });
  const seen = observation(one.instances.map((i) => running(OLD, { name: i.name, unit: i.unit })));
  const made = {
    plan: assemble(planInput([planHost(one, seen, compiled())])),
    targets: new Map(),
    problems: [],
  } as unknown as Made;
  const own = new Map(['1', '2'].map((name) => [name, [haproxy(`edge-01-${name}`), ...more]]));
  const { problems, plan: planned } = await withDrains(made, new Map([['edge-01', own]]), fleet);
  return { problems, drain: planned.drain, asked: asked.toSorted((a, b) => a.localeCompare(b)) };
}

test('every balancer is asked for every server', async () => {
  const { problems, drain, asked } = await plan({ 'lb-1': UP, 'lb-2': UP }, call);
  expect(problems).toEqual([]);
  expect(asked).toEqual(['lb-1', 'lb-1', 'lb-2', 'lb-2']);
  expect(drain).toEqual({
    through: 'haproxy lb-1, lb-2; http lb.example.com',
    waitMs: 30_000,
    leastMs: 10_000,
  });
});

test.each<[CallResult, string]>([
  [{ kind: 'unreachable', why: 'connection refused' }, 'lb-2 cannot drain: connection refused'],
  [{ kind: 'unknown', why: 'no answer within 15 s' }, 'lb-2 cannot drain: no answer within 15 s'],
])('one that cannot be reached is PD3060, once', async (answer, message) => {
  const { problems, asked } = await plan({ 'lb-1': UP, 'lb-2': answer });
  expect(problems).toEqual([{ host: 'lb-2', code: 'PD3060', message }]);
  expect(asked).toEqual(['lb-1', 'lb-1', 'lb-2']);
});

test('one that cannot do it is PD3061, for each server', async () => {
  const { problems } = await plan({ 'lb-1': NO_SERVER, 'lb-2': UP });
  expect(problems.map((p) => [p.host, p.code])).toEqual([
    ['lb-1', 'PD3061'],
    ['lb-1', 'PD3061'],
  ]);
  expect(problems[0]?.message).toContain('lb-1 cannot drain: HAProxy has no server');
});
