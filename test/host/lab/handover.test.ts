import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeBinary, edgeHealth, edgeRelease, socketOf } from './edge-service.ts';
import type { TestRelease } from './service.ts';
import { freshId, must, openWorld, type Trial, type World } from './world.ts';

const SERVICE = 'swap';
const PORT = 7710;
const INSTANCE = String(PORT);
const UNIT = `${SERVICE}@${INSTANCE}`;
const binary = edgeBinary();

/** Takes part in the handover until just after the sockets have come, and ends then. */
const DIES_TAKING = `#!/usr/bin/perl
use IO::Socket::UNIX;
my $path = "${socketOf(SERVICE, INSTANCE)}";
unlink $path;
my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 8) or die;
my $old = $socket->accept();
sysread($old, my $taken, 1);
exit 1;
`;

describe.skipIf(binary === undefined)(
  'an instance that hands over',
  () => {
    const release = (name: string, extra: Partial<Parameters<typeof edgeRelease>[2]> = {}) =>
      edgeRelease(SERVICE, binary ?? '', { name, port: PORT, ...extra });
    const good = {
      one: release('one'),
      two: release('two'),
      stays: release('stays', { graceSeconds: 600 }),
    };
    const bad = {
      config: release('config', { app: { nonsense: true } }),
      silent: release('silent', { program: '#!/bin/sh\nexec sleep 3600\n' }),
      taking: release('taking', { program: DIES_TAKING }),
      after: release('after', { app: { fault: { exit_after_ms: 2500 } } }),
    };
    let world: World;
    let runs: TestRelease = good.one;

    beforeAll(async () => {
      world = await openWorld(4, SERVICE);
      for (const one of [...Object.values(good), ...Object.values(bad)])
        must(await world.prepare(one, [INSTANCE]));
      const first = await world.activate({
        ...{ instance: INSTANCE, from: undefined, to: good.one, binary: 'edge' },
        health: edgeHealth(PORT),
      });
      must(await world.commit(first.opId, INSTANCE));
    }, 60_000);
    afterAll(() => world.end());

    const handover = (to: TestRelease, stopTimeoutMs = 10_000, opId = freshId('h')): Promise<Trial> =>
      world.activate({
        ...{
          opId,
          instance: INSTANCE,
          from: runs,
          to,
          binary: 'edge',
          handover: socketOf(SERVICE, INSTANCE),
        },
        ...{ health: edgeHealth(PORT), stopTimeoutMs, streamSeconds: 20 },
      });
    const sh = async (script: string): Promise<string> => (await world.client.sh(script)).stdout.trim();
    const mainPid = () => sh(`systemctl show -p MainPID --value ${UNIT}`);
    const answer = () =>
      sh(
        `curl -s -m 2 -o /dev/null -D - http://127.0.0.1:${PORT}/ | tr -d '\\r' | sed -n 's/^x-release: //p'`,
      );
    const restarts = () => sh(`systemctl show -p NRestarts --value ${UNIT}`);
    const current = async () => (await world.observe([INSTANCE])).instances.get(INSTANCE);
    const began = () => sh(`systemctl show -p ActiveEnterTimestampMonotonic --value ${UNIT}`);

    const left = (pid: string) =>
      expect.poll(() => sh(`ls -d /proc/${pid}`), { timeout: 60_000, interval: 500 }).toBe('');

    test('brings a new release, and the old process leaves by itself', async () => {
      const [old, since] = [await mainPid(), await began()];
      const trial = await handover(good.two);
      expect(trial.samples.at(-1)).toMatchObject({
        exeMatch: true,
        startedAfterSwitch: true,
        missingListens: [],
      });
      must(await world.commit(trial.opId, INSTANCE));
      runs = good.two;
      expect(await mainPid()).not.toBe(old);
      expect(await answer()).toBe('two');
      expect(await began()).toBe(since);
      expect(await current()).toMatchObject({
        running: good.two.hostRelease.digest,
        current: good.two.hostRelease.digest,
      });
      await left(old);
    });

    test('goes back by another handover', async () => {
      const since = await began();
      const trial = await handover(good.one);
      const successor = await mainPid();
      must(await world.rollback(trial.opId, INSTANCE));
      expect(await mainPid()).not.toBe(successor);
      await left(successor);
      expect(await answer()).toBe('two');
      expect([await began(), await restarts()]).toEqual([since, '0']);
      expect(await current()).toMatchObject({ running: runs.hostRelease.digest });
    });

    test.each([
      ['ends before it waits for the sockets', bad.config, /ended before it waited/],
      ['never waits for the sockets', bad.silent, /did not listen at .* within 10 s/],
    ])('a successor that %s costs nothing', async (_name, to, why) => {
      const old = await mainPid();
      await sh(`touch /run/${SERVICE}/${INSTANCE}/upgrade.sock`);
      const trial = await handover(to);
      expect(trial.answer).toMatchObject({
        kind: 'error',
        code: 'failed',
        message: expect.stringMatching(why),
      });
      expect(await mainPid()).toBe(old);
      must(await world.rollback(trial.opId, INSTANCE));
      expect(await mainPid()).toBe(old);
      expect(await answer()).toBe('two');
      expect(await sh(`cat /sys/fs/cgroup/system.slice/*/${UNIT}.service/cgroup.procs`)).toBe(old);
    });

    test('a successor that dies while it takes the sockets is followed by the old release', async () => {
      const trial = await handover(bad.taking);
      expect(trial.answer).toMatchObject({ kind: 'error', message: expect.stringMatching(/while it took/) });
      must(await world.rollback(trial.opId, INSTANCE));
      expect(await answer()).toBe('two');
    });

    test('a successor that dies afterwards is followed by the old release', async () => {
      const trial = await handover(bad.after);
      must(await world.rollback(trial.opId, INSTANCE));
      await expect.poll(answer, { timeout: 20_000 }).toBe('two');
    });

    test('an old process that does not take part is replaced by a start', async () => {
      const old = await mainPid();
      await sh(`kill -STOP ${old}`);
      const trial = await handover(good.one);
      expect(trial.answer).toMatchObject({ kind: 'error', code: 'failed' });
      must(await world.rollback(trial.opId, INSTANCE));
      expect(await answer()).toBe('two');
      expect(await mainPid()).not.toBe(old);
    });

    test('an old process that does not leave is ended', async () => {
      const there = await handover(good.stays);
      must(await world.commit(there.opId, INSTANCE));
      runs = good.stays;
      const old = await mainPid();
      const trial = await handover(good.one, 1_000);
      must(await world.commit(trial.opId, INSTANCE));
      runs = good.one;
      expect(await sh(`ls -d /proc/${old}`)).not.toBe('');
      await left(old);
      expect(await answer()).toBe('one');
    });
  },
  240_000,
);
