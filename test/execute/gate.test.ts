import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type GateInput, gate } from '../../src/execute/gate.ts';
import type { CallOptions, CallResult, HostLink } from '../../src/execute/host-link.ts';
import { watchRequest } from '../../src/host/verbs/watch.ts';
import type { HealthCheck } from '../../src/model/health.ts';

const GOOD = 'sample 1 active running success 42 1 1 0 -';
const DONE: CallResult = { kind: 'ok', lines: [] };
const CHECK: HealthCheck = {
  probes: [{ kind: 'systemd' }],
  listens: [],
  intervalMs: 500,
  minHealthyMs: 1_000,
  healthyDeadlineMs: 3_000,
};

/** A gate whose host answers by `call`, and which fails when it asks more often than there are answers. */
function gateOf(
  answers: readonly ((options: CallOptions) => Promise<CallResult>)[],
  over: Partial<GateInput> = {},
) {
  let asked = 0;
  const link = {
    call: async (_request, options) => {
      const answer = answers[asked];
      asked += 1;
      if (answer === undefined) throw new Error('asked once too often');
      return await answer(options);
    },
  } as Partial<HostLink> as HostLink;
  const gone = new AbortController();
  const result = gate({
    link,
    request: watchRequest({
      opId: 'o1',
      service: 'edge',
      instance: '1',
      expect: 'a',
      binary: 'edge',
      health: CHECK,
      streamSeconds: 3,
    }),
    check: CHECK,
    ids: { release: 'a', label: 'v1' },
    minHealthyMs: CHECK.minHealthyMs,
    healthyDeadlineMs: CHECK.healthyDeadlineMs,
    address: '192.0.2.1',
    gone: gone.signal,
    onSwitched: () => undefined,
    onSample: () => undefined,
    ...over,
  });
  return { result, asked: () => asked };
}

/** Streams a good sample each half second until the gate has enough, or for as long as told. */
async function stream({ onLine, signal }: CallOptions, ms = 60_000): Promise<CallResult> {
  for (let at = 0; at <= ms && signal?.aborted !== true; at += 500) {
    onLine?.(GOOD);
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
  }
  return DONE;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a call that fails in a way nobody expects leaves no timer behind', async () => {
  const bug = new Error('a bug');
  const { result } = gateOf([() => Promise.reject(bug)]);
  await expect(result).rejects.toBe(bug);
  expect(vi.getTimerCount()).toBe(0);
});

test('what is thrown while a line is read is the failure of the gate, not of the stream', async () => {
  const bug = new Error('no room left');
  const { result } = gateOf([stream], {
    onSample: () => {
      throw bug;
    },
  });
  const failed = expect(result).rejects.toBe(bug);
  await vi.advanceTimersByTimeAsync(1_000);
  await failed;
  expect(vi.getTimerCount()).toBe(0);
});

test('time in which this process slept counts neither for the release nor against it', async () => {
  const { result, asked } = gateOf([
    // It sleeps for 10 s while the host streams to its end.
    async ({ onLine }) => {
      onLine?.(GOOD);
      skip(10_000);
      onLine?.(GOOD);
      return DONE;
    },
    stream,
  ]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await result).toMatchObject({ kind: 'healthy' });
  expect(asked()).toBe(2);
});

test('a stream that ends before there is a verdict is not asked for again, unless this process slept', async () => {
  const { result, asked } = gateOf([async () => DONE]);
  expect(await result).toEqual({ kind: 'ended', result: DONE });
  expect(asked()).toBe(1);
});

/** The clock goes on, and no timer fires: what a suspended process sees. */
function skip(ms: number): void {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() + ms);
}
