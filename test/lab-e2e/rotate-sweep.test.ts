import { afterAll, beforeAll, type ExpectStatic, test } from 'vitest';
import { makeAuthority, type Pair } from '../certs/authority.ts';
import { NAMES, print, refusedByClients, servedBy } from './certs-fleet.ts';
import type { Fleet, FleetHost, Project } from './fleet.ts';
import { type Group, goOn, openGroups } from './groups.ts';
import { hasFaults } from './lab-file.ts';
import { bothSides, expectSettled, failpointAt, ON_THE_WAY, ON_THE_WAY_BACK } from './sweep.ts';

const ALL = process.env.PDEPLOY_TEST_SWEEP === 'all';

/** CI takes one of each kind: staged, on trial, decided, at the end; taken back or not yet. */
const FORTH = ALL
  ? bothSides(ON_THE_WAY)
  : ['call.prepare.after', 'event.update.switched.after', 'call.commit.after', 'call.finish.before'];
const BACK = ALL ? bothSides(ON_THE_WAY_BACK) : ['call.rollback.before', 'call.rollback.after'];

/** A trial is open on the host at these places; one host for each. */
const OPEN = [
  ['event.update.switched.after', 'bad'],
  ['event.health.probed.after', 'bad'],
  ['call.rollback.before', 'bad'],
  ['event.instance.healthy.after', 'good'],
  ['call.commit.before', 'good'],
] as const;

const authority = makeAuthority();
const first = authority.issue(NAMES);

let fleet: Fleet;
let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
beforeAll(async () => {
  ({ fleet, withGroup } = await openGroups(outfit));
});
afterAll(() => fleet.end());

function outfit(project: Project): readonly string[] {
  const tls = {
    servers: NAMES,
    cert: 'tls/site.pem',
    key: 'tls/site.key',
    trust: { file: 'tls/root.pem' },
  };
  project.write('tls/root.pem', authority.root.cert);
  bring(project, first);
  return ['-e', `@${project.write('tls.yaml', JSON.stringify({ tls }))}`];
}

function bring(project: Project, pair: Pair): void {
  project.write('tls/site.pem', pair.cert);
  project.write('tls/site.key', pair.key);
}

const served = (hosts: readonly FleetHost[]): Promise<readonly string[]> =>
  servedBy(hosts.map(({ address }) => ({ address, port: 6194 })));

const rotation = (limit: string, vars: readonly string[], ...more: string[]): readonly string[] => [
  ...['certs', 'rotate', '-i', 'lab', '--yes', '--limit', limit, ...vars],
  ...['--min-healthy-time', '500ms', ...more],
];

/** One fingerprint that all show, and nothing of a deployment on the hosts. */
async function settledOn(expect: ExpectStatic, group: Group): Promise<string> {
  const shown = await served(group.hosts);
  expect(new Set(shown).size, shown.join(' ')).toBe(1);
  await expectSettled(fleet, group.hosts, group.project, ['--limit', group.limit]);
  return shown[0] ?? '';
}

// Caddy is not given a certificate by the shipped playbook.
test.runIf(hasFaults()).concurrent.for(FORTH)(
  'the controller of a rotation is killed at %s, and somebody comes back',
  (place, { expect }) =>
    withGroup(async (group) => {
      const [old] = await served(group.hosts);
      const next = authority.issue(NAMES);
      bring(group.project, next);
      const args = rotation(group.limit, group.vars, '--healthy-deadline', '30s');
      const killed = await group.project.startFailing(failpointAt(place, 'kill'), ...args).done;
      expect(killed.code, killed.text).toBeNull();
      // Nothing at all, while an instance is restarted.
      for (const shown of await served(group.hosts)) expect(['', old, print(next)]).toContain(shown);
      const wentOn = await goOn(group, args);
      expect(wentOn.code, wentOn.text).toBe(0);
      expect(await settledOn(expect, group)).toBe(print(next));
    }),
);

test.runIf(hasFaults()).concurrent.for(BACK)(
  'the controller is killed at %s of a certificate that clients refuse, and somebody comes back',
  (place, { expect }) =>
    withGroup(async (group) => {
      const before = await served(group.hosts);
      const bad = refusedByClients(authority);
      bring(group.project, bad);
      const args = rotation(group.limit, group.vars, '--healthy-deadline', '3s');
      const failpoint = failpointAt(place, 'kill').replace('@2', '');
      const killed = await group.project.startFailing(failpoint, ...args).done;
      expect(killed.code, killed.text).toBeNull();
      const [canary, ...others] = await served(group.hosts);
      expect([print(bad), before[0], '']).toContain(canary);
      expect(others).toEqual(before.slice(1));
      const wentOn = await goOn(group, args);
      expect(wentOn.code, wentOn.text).toBe(4);
      expect(await settledOn(expect, group)).toBe(before[0]);
    }),
);

test.runIf(hasFaults())(
  'the controller is killed while a certificate is on trial and nobody comes back: each host serves the old one again',
  async ({ expect }) => {
    const before = await served(fleet.hosts);
    const tried = OPEN.map(async ([place, kind], i) => {
      const host = fleet.hosts[i];
      if (host === undefined) throw new Error('there is a host for each place');
      const project = fleet.colleague(`alone-${i}`);
      const vars = outfit(project);
      const next = kind === 'bad' ? refusedByClients(authority) : authority.issue(NAMES);
      bring(project, next);
      const args = rotation(host.name, vars, '--healthy-deadline', kind === 'bad' ? '3s' : '15s');
      const killed = await project.startFailing(`${place}:kill`, ...args).done;
      expect(killed.code, `${place}\n${killed.text}`).toBeNull();
      expect(await served([host]), place).toEqual([print(next)]);
      await expect.poll(() => served([host]), { timeout: 120_000, interval: 500 }).toEqual([before[i]]);
      const by = await fleet.ssh(host.name, 'grep -h "^by " /var/lib/pdeploy/edge/1/rolledback.*');
      expect(by.stdout, place).toContain('by guard\n');
    });
    await Promise.all(tried);
    expect(await served(fleet.hosts)).toEqual(before);
  },
);
