import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import { heal, partition } from '../../src/lab/faults.ts';
import type { Fleet } from './fleet.ts';
import { type Group, openGroups } from './groups.ts';
import { hasFaults } from './lab-file.ts';
import { type Ran, stopped } from './process.ts';
import { expectSettled } from './sweep.ts';

let fleet: Fleet;
let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
let n = 10;
beforeAll(async () => {
  ({ fleet, withGroup } = await openGroups());
});
afterAll(async () => {
  for (const { name } of fleet.hosts)
    await fleet.ssh(name, 'umount -l /var/lib/pdeploy 2>/dev/null; rm -rf /run/copy');
  await fleet.end();
});

/** What goes wrong with a host before it is taken back, and what a person does about that before anything else. */
type Trouble = {
  readonly what: string;
  readonly make: (host: string, previous: string) => Promise<Ran | undefined>;
  readonly mend: (host: string) => Promise<unknown>;
};

const nothing = async (): Promise<void> => undefined;
const directoryOf = (release: string): string => `/opt/pdeploy/edge/releases/${release}*`;

const DELETED: Trouble = {
  what: 'the previous release was deleted behind its back',
  make: (host, previous) => fleet.ssh(host, `rm -r ${directoryOf(previous)}`),
  mend: nothing,
};
const CORRUPTED: Trouble = {
  what: 'the program of the previous release was replaced',
  make: (host, previous) =>
    fleet.ssh(
      host,
      `cd ${directoryOf(previous)}/bin && rm edge && echo 'no program' >edge && chmod 755 edge`,
    ),
  mend: nothing,
};
/** Its own small file system, as on many a machine; without a free byte and without a free inode. */
const DISK_FULL: Trouble = {
  what: 'the disk with its records is full',
  make: (host) =>
    fleet.ssh(
      host,
      `cp -a /var/lib/pdeploy /run/copy && mount -t tmpfs -o size=2m,nr_inodes=2k disk /var/lib/pdeploy &&
       cp -a /run/copy/. /var/lib/pdeploy && cd /var/lib/pdeploy || exit 1
       dd if=/dev/zero of=filler bs=4k 2>/dev/null; dd if=/dev/zero of=filler bs=1 oflag=append conv=notrunc 2>/dev/null
       mkdir full; n=0; (while : >full/$n; do n=$((n + 1)); done) 2>/dev/null; true`,
    ),
  mend: (host) => fleet.ssh(host, 'rm -rf /var/lib/pdeploy/full /var/lib/pdeploy/filler'),
};
const GONE: Trouble = {
  what: 'the host is gone',
  make: async (host) => {
    await partition(await fleet.labHost(host), { direction: 'both', kind: 'drop' });
    return undefined;
  },
  mend: async (host) => heal(await fleet.labHost(host)),
};

/** The commands that are printed for a person, next to each instance that is in trouble. */
function printed(text: string): readonly string[] {
  return [...text.matchAll(/^ +fix: +pdeploy ([^\n]+)/gm)].map(([, command = '']) => command.trim());
}

type Case = {
  readonly group: Group;
  readonly trouble: Trouble;
  /** Index of the host in trouble. */
  readonly on: number;
  readonly failpoint: string;
  readonly args: readonly string[];
  readonly meanwhile?: () => Promise<unknown>;
};

/** A rollout that fails on a fleet with a host in trouble. */
async function inTrouble(expect: ExpectStatic, { group, trouble, on, failpoint, args, meanwhile }: Case) {
  const { hosts, limit, project } = group;
  n += 1;
  const select = ['--limit', limit];
  const first = await project.rollout(`old-${n}`, ...select, '--wave', '100%', '-e', `workers=${n}`);
  expect(first.code, first.text).toBe(0);
  const [old] = await group.answers();
  const victim = hosts[on]?.name ?? '';
  const run = project.startFailing(
    `${failpoint}:stop`,
    ...project.rolloutArgs(`new-${n}`, ...select, '-e', `workers=${n + 100}`, ...args),
  );
  await stopped(run);
  const made = await trouble.make(victim, old ?? '');
  expect(made?.code ?? 0, made?.text).toBe(0);
  await meanwhile?.();
  run.child.kill('SIGCONT');
  const ran = await run.done;
  const answers = await group.answers();
  await trouble.mend(victim);
  return { ran, answers, old, victim, select };
}

/** A host that cannot go back: told once, the others go back, and what is printed helps. */
async function cannotGoBack(expect: ExpectStatic, given: Case) {
  const { ran, answers, old, victim, select } = await inTrouble(expect, given);
  const { on } = given;
  const { hosts, project } = given.group;
  expect(ran.code, ran.text).toBe(5);
  expect(ran.text).toContain('Failed, NOT fully rolled back. A person is needed on 1 host.');
  const events = await project.events();
  const reverts = events.flatMap((e) => (e.type === 'revert.started' ? [e.instance] : []));
  expect(reverts.filter((id) => id === `${victim}@1`)).toHaveLength(1);
  expect(new Set(reverts).size).toBe(reverts.length);
  for (const [i, release] of answers.entries()) if (i !== on) expect(release, ran.text).toBe(old);

  const commands = printed(ran.text);
  expect(commands, ran.text).toEqual([expect.stringContaining(` -l ${victim} `)]);
  const mended = await project.pdeploy(...(commands[0]?.split(' ') ?? []), '--yes');
  expect(mended.code, `${ran.text}\n${mended.text}`).toBe(0);
  expect(await expectSettled(fleet, hosts, project, select)).toBe(old);
}

// The second service of the lab has no faults to rehearse with.
describe.runIf(hasFaults())('a release on trial is bad, and', () => {
  const bad = {
    on: 0,
    failpoint: 'event.health.probed.after@2',
    args: ['-e', 'fault={"never_ready":true}', '--healthy-deadline', '3s'],
  };
  test.concurrent.for([DELETED, CORRUPTED])('$what', (trouble, { expect }) =>
    withGroup((group) => cannotGoBack(expect, { group, trouble, ...bad })),
  );

  test.concurrent('the disk with its records is full: it goes back all the same', ({ expect }) =>
    withGroup(async (group) => {
      const { ran, answers, old } = await inTrouble(expect, { group, trouble: DISK_FULL, ...bad });
      expect(ran.code, ran.text).toBe(4);
      expect(answers).toEqual(answers.map(() => old));
      expect(await expectSettled(fleet, group.hosts, group.project, ['--limit', group.limit])).toBe(old);
    }));
});

describe.runIf(hasFaults())('the third host of a fleet fails, and on the second', () => {
  test.concurrent.for([DELETED, CORRUPTED, DISK_FULL, GONE])('$what', (trouble, { expect }) =>
    withGroup((group) =>
      cannotGoBack(expect, {
        group,
        trouble,
        on: 1,
        failpoint: 'call.activate.before@3',
        args: ['--rollback', 'deployment', '--healthy-deadline', '5s'],
        meanwhile: () => spoil(group.hosts[2]?.name ?? ''),
      }),
    ),
  );
});

/** The release that is about to be switched to is not what was sent. */
function spoil(host: string): Promise<unknown> {
  return fleet.ssh(
    host,
    'cd "$(ls -dt /opt/pdeploy/edge/releases/* | head -1)/bin" && rm edge && echo no program >edge && chmod 755 edge',
  );
}
