import pLimit from 'p-limit';
import { answer, type Fleet, type FleetHost, openFleet, type Project } from './fleet.ts';
import type { Ran } from './process.ts';

const GROUPS = 3;
let opened = 0;

/** Three hosts on one release, and an operator whose checkout is new. */
export type Group = {
  readonly hosts: readonly FleetHost[];
  /** Their names, for `--limit`. */
  readonly limit: string;
  readonly project: Project;
  /** Flags that every deployment from its checkout takes, and every resume. */
  readonly vars: readonly string[];
  readonly answers: () => Promise<readonly string[]>;
};

/** Writes what the playbook reads into a checkout, and gives the flags for it. */
export type Outfit = (project: Project) => readonly string[];

/** A fleet of several groups that work at the same time: most of such a test is waiting. */
export async function openGroups(outfit: Outfit = () => []) {
  const fleet = await openFleet({ hosts: 3 * GROUPS });
  await fleet.install('v1', '--healthy-deadline', '60s', ...outfit(fleet));
  const free = Array.from({ length: GROUPS }, (_, i) => fleet.hosts.slice(3 * i, 3 * i + 3));
  const limit = pLimit(GROUPS);
  /** Gives `work` a group that nobody else has, in the order in which they ask. */
  const withGroup = (work: (group: Group) => Promise<void>): Promise<void> =>
    limit(async () => {
      const hosts = free.shift() ?? [];
      try {
        await work(groupOf(fleet, hosts, outfit));
      } finally {
        free.push(hosts);
      }
    });
  return { fleet, withGroup };
}

function groupOf(fleet: Fleet, hosts: readonly FleetHost[], outfit: Outfit): Group {
  opened += 1;
  const project = fleet.colleague(`operator-${opened}`);
  return {
    hosts,
    limit: hosts.map((h) => h.name).join(','),
    project,
    vars: outfit(project),
    answers: () => Promise.all(hosts.map((h) => answer(h.address, 6188))),
  };
}

/** What a person does who comes back: resume, or where nothing had begun, the same rollout once more. */
export async function goOn({ project, limit, vars }: Group, rollout: readonly string[]): Promise<Ran> {
  const resumed = await project.pdeploy('resume', ...vars);
  if (!/PD5007|PD401[345]/.test(resumed.text)) return resumed;
  // A lease of the deployment that never began need not end by itself.
  await project.pdeploy('resume', '-i', 'lab', '--limit', limit, ...vars);
  return await project.pdeploy(...rollout);
}
