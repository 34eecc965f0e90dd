import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab-state.ts';
import { serversOf, startLabHaproxy, stopLabHaproxy } from '../load/lab-haproxy.ts';
import type { Fleet, Project } from './fleet.ts';
import { type Group, goOn, openGroups } from './groups.ts';
import { hasFaults } from './lab-file.ts';
import { ownPlaybook } from './playbook.ts';
import { bothSides, expectSettled, ON_THE_WAY_OF_DRAINS, patientAnswer } from './sweep.ts';

const ALL = process.env.PDEPLOY_TEST_SWEEP === 'all';
const PLAYBOOK = ownPlaybook({
  service: "drain: [haproxy({ balancers: ['lb'], backend: 'edge', wait: '2s' })], stopTimeout: '5s',",
});

/** The calls of a rollout to a balancer for one instance; the plan has asked it first. */
const CALLS = { out: 2, wait: 3, ready: 4, up: 5 };
const calls = bothSides(['call.drain']).flatMap((place) => Object.values(CALLS).map((n) => `${place}@${n}`));
const events = bothSides(ON_THE_WAY_OF_DRAINS.filter((place) => place.startsWith('event.')));
const PLACES = ALL
  ? [...events, ...calls]
  : [
      `call.drain.after@${CALLS.out}`,
      'event.drain.finished.before',
      `call.drain.before@${CALLS.ready}`,
      `call.drain.after@${CALLS.ready}`,
      'event.undrain.finished.before',
      'event.undrain.finished.after',
    ];

/** Where it was in traffic when the controller died. */
const IN_TRAFFIC = new Set([
  'event.drain.started.before',
  'event.drain.started.after',
  `call.drain.before@${CALLS.out}`,
  `call.drain.after@${CALLS.ready}`,
  ...['before', 'after'].flatMap((side) => [
    `call.drain.${side}@${CALLS.up}`,
    `event.undrain.finished.${side}`,
  ]),
]);

const outfit = (project: Project): readonly string[] => {
  project.write('playbooks/rollout.ts', PLAYBOOK);
  return [];
};

describe.runIf(hasFaults())('the controller is killed', { timeout: 300_000 }, () => {
  let fleet: Fleet;
  let balancer: LabHost;
  let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
  let n = 10;
  beforeAll(async () => {
    ({ fleet, withGroup } = await openGroups(outfit, {
      ...{ groups: 9, each: 1, balancer: true },
      begin: async (opened) => {
        balancer = await opened.labHost('edge-10');
        await stopLabHaproxy(balancer);
        const serving = opened.hosts.slice(0, -1);
        await startLabHaproxy(
          balancer,
          serving.map((h) => ({ name: `${h.name}-1`, address: h.address, port: 6188 })),
        );
      },
    }));
  });
  afterAll(async () => {
    await stopLabHaproxy(balancer);
    await fleet.end();
  });

  const standing = async ({ limit }: Group) => (await serversOf(balancer)).get(`${limit}-1`);
  const noted = async ({ limit }: Group): Promise<string> =>
    (await fleet.ssh(balancer.name, `cat /run/pdeploy/edge/.drained/* 2>/dev/null | grep ${limit}-1`)).stdout;

  const killAt = async (expect: ExpectStatic, group: Group, place: string) => {
    await expect.poll(() => standing(group), { timeout: 60_000 }).toBe('UP');
    n += 1;
    const args = group.project.rolloutArgs(
      ...[`v${n}`, '-e', `workers=${n}`, '--limit', group.limit, '--healthy-deadline', '20s'],
    );
    const killed = await group.project.startFailing(`${place}:kill`, ...args).done;
    expect(killed.code, killed.text).toBeNull();
    if (!IN_TRAFFIC.has(place)) expect(await standing(group)).toMatch(/DRAIN|DOWN/);
    return args;
  };

  test.concurrent.for(PLACES)('at %s, and somebody comes back', (place, { expect }) =>
    withGroup(async (group) => {
      const old = await patientAnswer(group.hosts[0]?.address ?? '');
      const args = await killAt(expect, group, place);
      const wentOn = await goOn(group, args);
      expect(wentOn.code, wentOn.text).toBe(0);
      await expect.poll(() => standing(group), { timeout: 30_000 }).toBe('UP');
      expect(await noted(group)).toBe('');
      const now = await expectSettled(fleet, group.hosts, group.project, ['--limit', group.limit]);
      expect(now).not.toBe(old);
    }),
  );

  // It takes the time of a trial and of its drain, some minutes.
  test.concurrent.for(ALL ? PLACES : [])(
    'at %s, and nobody comes back',
    { timeout: 400_000 },
    (place, { expect }) =>
      withGroup(async (group) => {
        const old = await patientAnswer(group.hosts[0]?.address ?? '');
        await killAt(expect, group, place);
        const [due = '0'] = (await noted(group)).split(' ');
        const [uptime = ''] = (await fleet.ssh(balancer.name, 'cat /proc/uptime')).stdout.split(' ');
        const left = Number(due) / 100 - Number(uptime);
        const within = Math.max(0, left) * 1_000 + 15_000;
        await expect.poll(() => noted(group), { timeout: within, interval: 1_000 }).toBe('');
        await expect.poll(() => standing(group), { timeout: 30_000 }).toBe('UP');
        // A trial goes back by its guard; nothing was committed.
        await expect
          .poll(async () => (await group.answers())[0], { timeout: 220_000, interval: 1_000 })
          .toBe(old);
        process.stderr.write(`drain, killed at ${place}: ${left > 0 ? left.toFixed(0) : 0} s to its timer\n`);
        await group.project.pdeploy('lock', 'release', '-i', 'lab', '--yes', '--limit', group.limit);
        const settled = await group.project.pdeploy('resume');
        expect([0, 4], settled.text).toContain(settled.code);
      }),
  );
});
