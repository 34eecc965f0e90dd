import { expect } from 'vitest';
import { answer, type Fleet, openFleet, type Project } from './fleet.ts';
import type { Ran } from './process.ts';

/** Places that a rollout over three hosts comes by, each host in a wave of its own. */
export const ON_THE_WAY = [
  'event.deployment.started',
  'event.lease.acquired',
  'event.prepare.started',
  'event.prepare.finished',
  'event.prepare.completed',
  'event.wave.started',
  'event.update.started',
  'event.update.switched',
  'event.health.probed',
  'event.instance.healthy',
  'event.instance.committed',
  'event.wave.finished',
  'event.deployment.finished',
  'call.observe',
  'call.lease',
  'call.prepare',
  'call.activate',
  'call.commit',
  'call.finish',
] as const;

/** Those that only a release which is taken back comes by. */
export const ON_THE_WAY_BACK = [
  'event.instance.failed',
  'event.rollback.started',
  'event.revert.started',
  'event.instance.reverted',
  'call.rollback',
] as const;

/** Those that only an instance comes by which is taken out of traffic. */
export const ON_THE_WAY_OF_DRAINS = [
  'event.drain.started',
  'event.drain.finished',
  'event.undrain.finished',
  'call.drain',
] as const;

/** Places that happen once in a deployment; the others are hit at the second of three hosts. */
const ONCE =
  /^event\.(deployment\.(started|finished)|prepare\.completed|instance\.failed|rollback\.started)|^call\.rollback/;

export function failpointAt(name: string, action: string): string {
  return ONCE.test(name) ? `${name}:${action}` : `${name}@2:${action}`;
}

export const bothSides = (places: readonly string[]): readonly string[] =>
  places.flatMap((place) => [`${place}.before`, `${place}.after`]);

/** Three hosts on a proven release, ended with one failpoint after the other. */
export async function openSweep() {
  const fleet = await openFleet({ hosts: 3 });
  await fleet.install('v1');
  let n = 10;
  /** Of the release that is rolled out now. */
  const label = (): string => `v${n}`;
  const variables = (): readonly string[] => ['-e', `workers=${n}`];
  return {
    fleet,
    end: () => fleet.end(),
    /** A rollout of a release that was never seen before, which has to end by its failpoint. */
    fail: async (failpoint: string, ...args: string[]): Promise<Ran> => {
      n += 1;
      return await fleet.startFailing(failpoint, ...fleet.rolloutArgs(label(), ...variables(), ...args)).done;
    },
    label,
    variables,
    /** What a person does who comes back: resume, or where nothing had begun, the rollout once more. */
    goOn: async (...args: string[]): Promise<Ran> => {
      const resumed = await fleet.pdeploy('resume');
      if (!/PD5007|PD401[345]/.test(resumed.text)) return resumed;
      // Its lease is known to be ours, and need not end by itself.
      await fleet.pdeploy('resume', '-i', 'lab');
      return await fleet.rollout(label(), ...variables(), ...args);
    },
    expectSettled: () => expectSettled(fleet),
  };
}

/** What a deployment may have on a host only while it lasts. */
const LEFT = `ls -d /var/lib/pdeploy/edge/lease /var/lib/pdeploy/edge/undo /var/lib/pdeploy/edge/*/pending.* /opt/pdeploy/edge/.incoming 2>/dev/null
  systemctl list-timers --all --plain --no-legend 'pdeploy-guard-*'`;

/** Of a busy machine silence says nothing at first. */
export async function patientAnswer(address: string): Promise<string> {
  for (let n = 0; n < 10; n += 1) {
    const said = await answer(address, 6188);
    if (said !== '') return said;
  }
  return '';
}

/** All instances answer as one release and are healthy; of the deployment nothing is left on the hosts. */
export async function expectSettled(
  fleet: Fleet,
  hosts: Fleet['hosts'] = fleet.hosts,
  operator: Project = fleet,
  limit: readonly string[] = [],
): Promise<string> {
  const answers = await Promise.all(hosts.map((h) => patientAnswer(h.address)));
  expect(new Set(answers).size, answers.join(' ')).toBe(1);
  expect(answers[0]).not.toBe('');
  const status = await operator.pdeploy('status', '-i', 'lab', ...limit);
  expect(status.code, status.text).toBe(0);
  await Promise.all(
    hosts.map(async (host) => expect((await fleet.ssh(host.name, LEFT)).stdout, host.name).toBe('')),
  );
  return answers[0] ?? '';
}
