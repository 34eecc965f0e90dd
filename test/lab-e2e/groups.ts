import pLimit from 'p-limit';
import { answer, type Fleet, type FleetHost, openFleet, type Project } from './fleet.ts';
import type { Ran } from './process.ts';

let opened = 0;

export type GroupsOptions = {
  readonly groups: number;
  /** Hosts of each. */
  readonly each: number;
  /** Of the service on each host. */
  readonly instances?: number;
  /** One more host, with a HAProxy on it or nothing. */
  readonly balancer?: boolean;
  /** What the first release is rolled out with. */
  readonly args?: readonly string[];
  /** Called before that. */
  readonly begin?: (fleet: Fleet) => Promise<void>;
};

/** Some hosts on one release, and an operator whose checkout is new. */
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
export async function openGroups(outfit: Outfit = () => [], options: GroupsOptions = { groups: 3, each: 3 }) {
  const { groups, each, balancer = false, instances = 1 } = options;
  const fleet = await openFleet({ hosts: groups * each + (balancer ? 1 : 0), instances, balancer });
  const vars = outfit(fleet);
  await options.begin?.(fleet);
  await fleet.install('v1', '--healthy-deadline', '60s', ...vars, ...(options.args ?? []));
  const free = Array.from({ length: groups }, (_, i) => fleet.hosts.slice(each * i, each * (i + 1)));
  const limit = pLimit(groups);
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
