/** What can be run on a schedule. Nothing else can: a unit on a machine is not a place for any command line. */
export type Job = {
  readonly name: string;
  /** Of pdeploy, without the inventory. */
  readonly argv: readonly string[];
  readonly what: string;
  /** It takes the lease as a person would: it waits for another's, and lets it be when that lasts. */
  readonly lease: boolean;
};

export const JOBS: readonly Job[] = [
  {
    name: 'certs status',
    argv: ['certs', 'status'],
    what: 'the life of every certificate, as file and as served',
    lease: false,
  },
  {
    name: 'certs issue',
    argv: ['certs', 'issue', '--yes'],
    what: 'has the certificates issued that are due',
    lease: false,
  },
  {
    name: 'certs rotate',
    argv: ['certs', 'rotate', '--yes'],
    what: 'brings new certificates to the hosts, one instance at a time',
    lease: true,
  },
  {
    name: 'drift',
    argv: ['plan', '--detailed-exitcode'],
    what: 'are the hosts as the playbook says',
    lease: false,
  },
  {
    name: 'audit',
    argv: ['audit', 'verify'],
    what: 'is the record unbroken, here and on the hosts',
    lease: false,
  },
  { name: 'doctor', argv: ['doctor'], what: 'is everything fit for a rollout', lease: false },
  {
    name: 'rollout',
    argv: ['rollout', '--yes'],
    what: 'rolls out what the project holds, if anything differs',
    lease: true,
  },
];

export function findJob(name: string): Job | undefined {
  return JOBS.find((job) => job.name === name);
}
