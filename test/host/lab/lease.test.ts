import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { activateRequest } from '../../../src/host/verbs/activate.ts';
import { commitRequest } from '../../../src/host/verbs/commit.ts';
import { extendRequest } from '../../../src/host/verbs/extend.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import {
  decodeLeaseReply,
  type LeaseInput,
  type LeaseResult,
  leaseRequest,
} from '../../../src/host/verbs/lease.ts';
import { rollbackRequest } from '../../../src/host/verbs/rollback.ts';
import { undoRequest } from '../../../src/host/verbs/undo.ts';
import { testRelease, webHealth } from './service.ts';
import { freshId, openWorld, type World } from './world.ts';

const SERVICE = 'lease';
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
});
afterAll(() => world.end());

async function lease(input: LeaseInput): Promise<LeaseResult | undefined> {
  return decodeLeaseReply(await world.client.call(leaseRequest(input)));
}

function acquire(deployment: string, ttlSeconds = 60, manual = false): Promise<LeaseResult | undefined> {
  const holder = `somebody with "quotes" & $(dollars) for ${deployment}`;
  return lease({
    opId: freshId(),
    service: SERVICE,
    deployment,
    action: 'acquire',
    holder,
    ttlSeconds,
    manual,
    reason: 'because\nof',
  });
}

async function epochOf(promise: Promise<LeaseResult | undefined>): Promise<number> {
  const result = await promise;
  if (result?.kind !== 'granted') throw new Error(JSON.stringify(result));
  return result.epoch;
}

const release = (deployment: string, epoch: number) =>
  lease({ opId: freshId(), service: SERVICE, deployment, action: 'release', epoch });

test('a held lease is told with its holder; the same deployment gets it again with a new epoch', async () => {
  await release(world.deployment, world.epoch);
  const first = await epochOf(acquire('a'));
  expect(first).toBeGreaterThan(world.epoch);
  expect(await acquire('b')).toMatchObject({
    kind: 'held',
    lease: {
      deployment: 'a',
      epoch: first,
      holder: 'somebody with "quotes" & $(dollars) for a',
      reason: 'because\nof',
      manual: false,
    },
  });
  const second = await epochOf(acquire('a'));
  expect(second).toBe(first + 1);
  expect(await release('a', first)).toMatchObject({ kind: 'fenced' });
  expect(await release('a', second)).toEqual({ kind: 'released' });
  expect(await epochOf(acquire('b'))).toBe(second + 1);
  expect(await release('b', second + 1)).toEqual({ kind: 'released' });
});

test('whoever looked before somebody else had it is refused, and gets it after another look', async () => {
  await release(world.deployment, world.epoch);
  const epoch = await epochOf(acquire('before'));
  await release('before', epoch);
  const look = (deployment: string, seenEpoch: number) =>
    lease({
      opId: freshId(),
      service: SERVICE,
      deployment,
      action: 'acquire',
      holder: 'x',
      ttlSeconds: 60,
      manual: false,
      reason: '',
      seenEpoch,
    });
  const between = await epochOf(look('between', epoch));
  await release('between', between);
  expect(await look('late', epoch)).toMatchObject({
    kind: 'fenced',
    message: expect.stringContaining('given to others'),
  });
  const late = await epochOf(look('late', between));
  // Its answer was lost: asked again it is the same deployment.
  const again = await epochOf(look('late', between));
  expect(again).toBeGreaterThan(late);
  await release('late', again);
});

test('whoever looks while it is given out sees who has it, not only that it was given out', async () => {
  const dir = '/run/lease-test';
  // The lease comes after its epoch: in between stands whoever moves it into its place.
  await world.client.sh(`mkdir -p ${dir}
    cat >/usr/local/bin/mv <<'END'
#!/bin/sh
case "$*" in *lease.new*)
  : >${dir}/between
  rounds=0
  while [ ! -e ${dir}/go ] && [ $rounds -lt 200 ]; do rounds=$((rounds + 1)); sleep 0.05; done ;;
esac
exec /usr/bin/mv "$@"
END
    chmod 755 /usr/local/bin/mv`);
  try {
    const given = epochOf(acquire('slow'));
    await expect
      .poll(() => world.client.sh(`test -e ${dir}/between`), { timeout: 10_000 })
      .toMatchObject({ code: 0 });
    const looked = world.observe([]);
    await Promise.race([looked, sleep(1_500)]);
    await world.client.sh(`: >${dir}/go`);
    const epoch = await given;
    const seen = await looked;
    await release('slow', epoch);
    expect(seen).toMatchObject({ epoch, lease: { deployment: 'slow', epoch } });
  } finally {
    await world.client.sh(`rm -rf /usr/local/bin/mv ${dir}`);
  }
});

test('who goes on with a lease that ran out is noticed by who has looked since', async () => {
  const sleeper = await epochOf(acquire('sleeper', 1));
  await sleep(1_200);
  const seen = await world.observe([]);
  expect(seen).toMatchObject({ epoch: sleeper });
  expect(seen.lease).toBeUndefined();
  const common = { service: SERVICE, deployment: 'sleeper', epoch: sleeper };
  const finished = () => world.client.call(finishRequest({ opId: freshId(), ...common, keep: [] }));
  expect(await finished()).toMatchObject({ kind: 'ok' });
  // Its answer was lost: asked again it was done.
  expect(await finished()).toMatchObject({ kind: 'ok' });
  const late = { opId: freshId(), service: SERVICE, deployment: 'late', holder: 'x', ttlSeconds: 60 };
  const asked = { ...late, action: 'acquire', manual: false, reason: '' } as const;
  expect(await lease({ ...asked, seenEpoch: sleeper })).toMatchObject({
    kind: 'fenced',
    message: expect.stringContaining('given to others'),
  });
  const epoch = await epochOf(lease({ ...asked, seenEpoch: (await world.observe([])).epoch }));
  await release('late', epoch);
});

test('many at once: one gets it', async () => {
  const results = await Promise.all(['p', 'q', 'r', 's', 't'].map((name) => acquire(name)));
  expect(results.filter((result) => result?.kind === 'granted')).toHaveLength(1);
  expect(results.filter((result) => result?.kind === 'held')).toHaveLength(4);
  const winner = ['p', 'q', 'r', 's', 't'][results.findIndex((result) => result?.kind === 'granted')] ?? '';
  const granted = results.find((result) => result?.kind === 'granted');
  await release(winner, granted?.kind === 'granted' ? granted.epoch : 0);
});

test('it expires by the clock of the host, a renewal moves that, a manual one does not expire', async () => {
  const epoch = await epochOf(acquire('short', 1));
  expect(
    await lease({
      opId: freshId(),
      service: SERVICE,
      deployment: 'short',
      action: 'renew',
      epoch,
      ttlSeconds: 2,
    }),
  ).toEqual({ kind: 'granted', epoch });
  await sleep(1_100);
  expect(await acquire('other')).toMatchObject({ kind: 'held' });
  await sleep(1_200);
  const manual = await epochOf(acquire('other', 1, true));
  expect(manual).toBe(epoch + 1);
  await sleep(1_200);
  expect(await acquire('third')).toMatchObject({
    kind: 'held',
    lease: { manual: true, expiresInMs: Number.POSITIVE_INFINITY },
  });
  const seen = (await world.observe(['7501'])).lease;
  expect(seen).toMatchObject({ deployment: 'other', epoch: manual });
  const take = (seenEpoch: number) =>
    lease({
      opId: freshId(),
      service: SERVICE,
      deployment: 'third',
      action: 'takeover',
      holder: 'x',
      ttlSeconds: 60,
      manual: false,
      reason: '',
      seenEpoch,
    });
  expect(await take(epoch)).toMatchObject({ kind: 'fenced', lease: { deployment: 'other' } });
  expect(await take(manual)).toEqual({ kind: 'granted', epoch: manual + 1 });
  await release('third', manual + 1);
});

test('a lease of an earlier boot binds nobody', async () => {
  const epoch = await epochOf(acquire('before'));
  const file = `/var/lib/pdeploy/${SERVICE}/lease`;
  await world.client.sh(`sed -i 's/[0-9a-f-]\\{36\\}/00000000-0000-0000-0000-000000000000/' ${file}`);
  expect((await world.observe([])).lease).toBeUndefined();
  const next = await epochOf(acquire('after'));
  expect(next).toBe(epoch + 1);
  await release('after', next);
});

test('every verb that changes something refuses an old epoch and a missing lease', async () => {
  const digest = testRelease(SERVICE, { page: 'x' }).hostRelease.digest;
  const old = { service: SERVICE, deployment: 'zombie', epoch: await epochOf(acquire('zombie')) };
  const at = { ...old, instance: '7501' };
  const requests = () => [
    activateRequest({
      opId: freshId(),
      ...at,
      from: '',
      to: digest,
      binary: 'busybox',
      guardSeconds: 5,
      stopTimeoutMs: 1000,
      health: webHealth(7501),
      streamSeconds: 1,
      ops: [],
    }),
    commitRequest({ opId: freshId(), ...at }),
    rollbackRequest({ opId: freshId(), ...at }),
    extendRequest({ opId: freshId(), ...at, seconds: 5 }),
    finishRequest({ opId: freshId(), ...old, keep: [] }),
    undoRequest({ opId: freshId(), ...old }),
  ];
  await release('zombie', old.epoch);
  // It gave the lease back itself and nobody came since: the answer to an earlier request was lost.
  const over = requests().filter((request) => request.verb === 'finish');
  expect(await Promise.all(over.map((request) => world.client.call(request)))).toMatchObject([
    { kind: 'ok' },
  ]);
  for (const request of requests().filter(({ verb }) => verb !== 'finish'))
    expect(await world.client.call(request), request.verb).toMatchObject({ kind: 'error', code: 'fenced' });
  const epoch = await epochOf(acquire('living'));
  for (const request of requests())
    expect(await world.client.call(request), request.verb).toMatchObject({
      kind: 'error',
      code: 'fenced',
      lines: [expect.stringContaining('living')],
    });
  const prepared = await world.prepare(testRelease(SERVICE, { page: 'x' }), ['7501'], old);
  expect(prepared).toMatchObject({ kind: 'error', code: 'fenced' });
  await release('living', epoch);
});
