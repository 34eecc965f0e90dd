import type { CommandModule } from 'yargs';

/** What `--help` needs to know of a command; the rest is loaded when it is used. */
export type Entry = {
  readonly usage: string;
  readonly describe: string;
  readonly load: () => Promise<CommandModule>;
};

export const COMMANDS: readonly Entry[] = [
  {
    usage: 'init [dir]',
    describe: 'Write a new project: inventory, playbook, editor and CI settings',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    usage: 'doctor [selector]',
    describe: 'Is everything fit for a rollout: this machine, the hosts, and what their logins can do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    usage: 'plan',
    describe: 'Show what a rollout would change; change nothing',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    usage: 'build',
    describe: 'Build a Rust service so that it can be built again, and write down how',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  {
    usage: 'check [files..]',
    describe: 'Find what is wrong in the configuration and the unit of a Pingora service',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  {
    usage: 'rollout',
    describe: 'Roll a release out, one wave at a time; back by itself when it is bad',
    load: async () => (await import('./commands/rollout.ts')).rolloutCommand,
  },
  {
    usage: 'rollback',
    describe: 'Take the fleet to the last proven release',
    load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  },
  {
    usage: 'resume [deployment]',
    describe: 'Go on with an interrupted deployment, or settle what the hosts have open',
    load: async () => (await import('./commands/resume.ts')).resumeCommand,
  },
  {
    usage: 'run <playbook>',
    describe: 'Run any playbook',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    usage: 'status',
    describe: 'What runs where, and is it healthy',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    usage: 'history',
    describe: 'Past deployments and how they ended',
    load: async () => (await import('./commands/history.ts')).historyCommand,
  },
  {
    usage: 'releases',
    describe: 'Known releases: proven, bad, unproven',
    load: async () => (await import('./commands/releases.ts')).releasesCommand,
  },
  {
    usage: 'report [deployment]',
    describe: 'The story of one deployment',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  {
    usage: 'pause',
    describe: 'Hold a running deployment after the instance in hand',
    load: async () => (await import('./commands/control.ts')).pauseCommand,
  },
  {
    usage: 'continue',
    describe: 'Let a paused deployment go on',
    load: async () => (await import('./commands/control.ts')).continueCommand,
  },
  {
    usage: 'promote',
    describe: 'Let a deployment go on after its canary',
    load: async () => (await import('./commands/control.ts')).promoteCommand,
  },
  {
    usage: 'abort',
    describe: 'End a running deployment and take its instances back',
    load: async () => (await import('./commands/control.ts')).abortCommand,
  },
  {
    usage: 'certs <action>',
    describe: 'TLS certificates: what is served where and until when; issue and rotate them',
    load: async () => (await import('./commands/certs.ts')).certsCommand,
  },
  {
    usage: 'lock <action>',
    describe: 'Show, take or free the lease on the hosts',
    load: async () => (await import('./commands/lock.ts')).lockCommand,
  },
  {
    usage: 'hosts <action> [selector]',
    describe: 'Facts of hosts; trust a host key; make a login that can do nothing but deploy',
    load: async () => (await import('./commands/hosts.ts')).hostsCommand,
  },
  {
    usage: 'secrets <action> [file]',
    describe: 'Make a key; encrypt, edit, re-encrypt and check files of secrets',
    load: async () => (await import('./commands/secrets.ts')).secretsCommand,
  },
  {
    usage: 'schedule <action> [job..]',
    describe: 'Run a command regularly on this machine, by a systemd timer',
    load: async () => (await import('./commands/schedule.ts')).scheduleCommand,
  },
  {
    usage: 'lab',
    describe: 'A local fleet of real systemd hosts',
    load: async () => (await import('./commands/lab.ts')).labCommand,
  },
  {
    usage: 'audit <action>',
    describe: 'Check the record of deployments: in itself, with -i against its hosts',
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    usage: 'failpoints',
    describe: 'Where PDEPLOY_FAILPOINT=NAME:kill can end this program, to rehearse that',
    load: async () => (await import('./commands/failpoints.ts')).failpointsCommand,
  },
  {
    usage: 'schema',
    describe: 'The JSON Schema of the inventory',
    load: async () => (await import('./commands/schema.ts')).schemaCommand,
  },
];
