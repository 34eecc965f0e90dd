import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import { boot } from '../../../src/lab/boot.ts';
import { labHost } from '../../../src/lab/lab-state.ts';
import { powerCut } from '../../../src/lab/power.ts';
import { edgeBinary, edgeHealth, edgeRelease, socketOf } from './edge-service.ts';
import { armStrike, disarmStrike, type Strike, wasStruck } from './strike.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'struck';
const PORT = 7730;
const INSTANCE = String(PORT);
const UNIT = `${SERVICE}@${INSTANCE}`;
const HANDOVER = socketOf(SERVICE, INSTANCE);
const GUARD_S = 22;
/** How long after its guard's time the old release is the main process again: a handover by itself takes 1 to 2 s. */
const GRACE_S = 8;
/** After that the process that was there before still answers, for 5 s by Pingora's own constant, and leaves. */
const LEAVES_MS = 60_000;
const binary = edgeBinary();

const release = (name: string) => edgeRelease(SERVICE, binary ?? '', { name, port: PORT });
const [one, two] = [release('one'), release('two')];

/** One host each: what strikes there strikes every agent. */
type Case = { readonly host: number; readonly name: string; readonly strike: Omit<Strike, 'by'> };
const CASES: readonly Case[] = [
  {
    host: 4,
    name: 'the successor was started',
    strike: { side: 'after', of: 'systemctl\\ reload' },
  },
  {
    host: 5,
    name: 'the successor waits',
    strike: { side: 'before', of: 'systemd-run*pdeploy-leave' },
  },
  {
    host: 6,
    name: 'the old was told to leave',
    strike: { side: 'before', of: 'systemd-notify' },
  },
  {
    host: 7,
    name: 'systemd knows the successor',
    strike: { side: 'after', of: 'systemd-notify' },
  },
];
/** In these the successor has the sockets: without the agent as well. */
const HANDED = 2;
const COMMITTED = 8;

describe.skipIf(binary === undefined)(
  'an agent is killed, or its host loses its power, in a handover when',
  { timeout: 240_000 },
  () => {
    const worlds = new Map<number, World>();
    const of = (host: number): World => {
      const world = worlds.get(host);
      if (world === undefined) throw new Error(`no world on host ${host}`);
      return world;
    };
    beforeAll(async () => {
      await Promise.all(
        [...CASES.map((c) => c.host), COMMITTED].map(async (host) => {
          const world = await openWorld(host, SERVICE);
          worlds.set(host, world);
          must(await world.prepare(one, [INSTANCE]));
          must(await world.prepare(two, [INSTANCE]));
          const first = await world.activate({
            ...{ instance: INSTANCE, from: undefined, to: one, binary: 'edge', health: edgeHealth(PORT) },
          });
          must(await world.commit(first.opId, INSTANCE));
        }),
      );
    }, 120_000);
    afterAll(async () => {
      for (const world of worlds.values()) {
        await disarmStrike(world.client);
        await world.end();
      }
    });

    const look = (world: World) => {
      const sh = async (script: string): Promise<string> => (await world.client.sh(script)).stdout.trim();
      const answer = () =>
        sh(
          `curl -s -m 2 -o /dev/null -D - http://127.0.0.1:${PORT}/ | tr -d '\\r' | sed -n 's/^x-release: //p'`,
        );
      return {
        sh,
        answer,
        /** The release that the main process runs, and whether it was ever started by systemd again. */
        main: () =>
          sh(`pid=$(systemctl show -P MainPID ${UNIT}); exe=$(readlink /proc/$pid/exe); exe=\${exe%/bin/*}
          [ "\${exe##*/}" = ${two.hostRelease.digest} ] && echo two; [ "\${exe##*/}" = ${one.hostRelease.digest} ] && echo one`),
        starts: () => sh(`systemctl show -P ActiveEnterTimestampMonotonic -P NRestarts ${UNIT}`),
        uptime: async () => Number(await sh('cut -d " " -f 1 /proc/uptime')),
      };
    };

    const handOver = (world: World, opId = freshId('k')) =>
      world.activate({
        ...{ opId, instance: INSTANCE, from: one, to: two, binary: 'edge', handover: HANDOVER },
        ...{ health: edgeHealth(PORT), stopTimeoutMs: 10_000, guardSeconds: GUARD_S, streamSeconds: 20 },
      });

    const strikeIn = async (expect: ExpectStatic, { host, strike }: Case) => {
      const world = of(host);
      const opId = freshId('k');
      await armStrike(world.client, { ...strike, by: 'kill' });
      const trial = await handOver(world, opId);
      expect(await wasStruck(world.client)).toBe(true);
      expect(trial.answer.kind, JSON.stringify(trial.answer)).toBe('no-trailer');
      await disarmStrike(world.client);
      return { world, opId, ...look(world) };
    };

    const cutPowerAndBoot = async (expect: ExpectStatic, world: World): Promise<void> => {
      const host = await labHost(world.client.lab, world.client.host);
      await powerCut(host);
      await boot(host);
      world.client.forget();
      const { sh, answer } = look(world);
      await expect
        .poll(() => sh('systemctl is-active pdeploy-recover.service'), { timeout: 30_000 })
        .toBe('active');
      await expect.poll(answer, { timeout: 30_000 }).not.toBe('');
    };

    /** One process, and nothing that was to see to the handover. */
    const expectQuiet = async (expect: ExpectStatic, world: World): Promise<void> => {
      const { sh } = look(world);
      const left = `cat /sys/fs/cgroup/system.slice/*/${UNIT}.service/cgroup.procs | wc -l
      ls ${HANDOVER} 2>/dev/null
      systemctl list-units --all --plain --no-legend 'pdeploy-leave-*' 'pdeploy-guard-*'`;
      await expect.poll(() => sh(left), { timeout: LEAVES_MS, interval: 500 }).toBe('1');
    };

    const someoneComesBack = async (expect: ExpectStatic, at: Case): Promise<void> => {
      const { world, opId, answer, main } = await strikeIn(expect, at);
      must(await world.rollback(opId, INSTANCE));
      expect(await main()).toBe('one');
      await expectQuiet(expect, world);
      expect(await answer()).toBe('one');
    };

    const nobodyComesBack = async (expect: ExpectStatic, at: Case): Promise<void> => {
      const { world, opId, answer, main, sh, uptime } = await strikeIn(expect, at);
      const record = `/var/lib/pdeploy/${SERVICE}/${INSTANCE}/pending.${opId}`;
      const until = Number(await sh(`sed -n 's/^deadline //p' ${record}`)) / 100;
      if (CASES.indexOf(at) >= HANDED) {
        await expect.poll(main, { timeout: 15_000 }).toBe('two');
        // When the old process has left, the successor serves alone until the guard's time.
        const ms = (until - (await uptime()) - 3) * 1_000;
        await new Promise((r) => setTimeout(r, Math.max(0, ms)));
        expect(await answer()).toBe('two');
      }
      await expect.poll(async () => (await sh(`ls ${record}`)) === '', { timeout: 60_000 }).toBe(true);
      await expect.poll(main, { timeout: 20_000, interval: 100 }).toBe('one');
      const late = (await uptime()) - until;
      process.stderr.write(
        `handover, killed when ${at.name}: back ${late.toFixed(1)} s after the guard's time\n`,
      );
      expect(late).toBeLessThan(GRACE_S);
      await expectQuiet(expect, world);
      expect(await answer()).toBe('one');
      const status = await world.status(opId, INSTANCE);
      expect(status).toMatchObject({ kind: 'rolled-back', by: 'guard', restored: true });
    };

    const powerIsCut = async (expect: ExpectStatic, at: Case): Promise<void> => {
      const world = of(at.host);
      const opId = freshId('k');
      await armStrike(world.client, { ...at.strike, by: 'stop' });
      const trial = handOver(world, opId);
      await expect.poll(() => wasStruck(world.client), { timeout: 30_000 }).toBe(true);
      await disarmStrike(world.client);
      await cutPowerAndBoot(expect, world);
      const { answer } = await trial;
      expect(await look(world).answer()).toBe('one');
      await expectQuiet(expect, world);
      const status = await world.status(opId, INSTANCE);
      expect(status, JSON.stringify(answer)).toMatchObject({
        kind: 'rolled-back',
        by: 'reboot',
        restored: true,
      });
    };

    test.concurrent.for(CASES)('$name', async (at, { expect }) => {
      const { starts } = look(of(at.host));
      const since = await starts();
      await someoneComesBack(expect, at);
      await nobodyComesBack(expect, at);
      // No port was ever closed.
      expect(await starts()).toBe(since);
      await powerIsCut(expect, at);
    });

    test.concurrent('it has ended, and power is cut after the commit', async ({ expect }) => {
      const world = of(COMMITTED);
      const trial = await handOver(world);
      must(await world.commit(trial.opId, INSTANCE));
      await cutPowerAndBoot(expect, world);
      expect(await look(world).answer()).toBe('two');
      await expectQuiet(expect, world);
      expect(await world.status(trial.opId, INSTANCE)).toEqual({ kind: 'committed' });
    });
  },
);
