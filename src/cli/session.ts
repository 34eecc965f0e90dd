import { homedir } from 'node:os';
import { RefusedError, UsageError } from '../errors.ts';
import { type Fleet, openFleet } from '../execute/fleet.ts';
import { gitState } from '../execute/origin.ts';
import { commandLine } from '../host/commands.ts';
import type { Host } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Surroundings } from '../secrets/wanted.ts';
import { stateDirectory } from '../state/directory.ts';
import type { StateStore } from '../state/port.ts';
import type { AutoTransport } from '../transport/auto.ts';
import { type Args, text, wholeNumber } from './args.ts';
import { interruption } from './interruption.ts';
import { isInteractive, out } from './io.ts';
import { openProjectState, readProject } from './project.ts';

/** One command at work on one service of one inventory. Close it when done. */
export type Session = {
  readonly project: string;
  /** Directory of its record. */
  readonly state: string;
  readonly inventory: Inventory;
  readonly service: string;
  /** Selected hosts that run the service, cordoned ones too. */
  readonly hosts: readonly Host[];
  /** Connected to those that are not cordoned. */
  readonly fleet: Fleet;
  readonly git: Promise<string>;
  readonly forks: number;
  readonly stops: ReturnType<typeof interruption>;
  /** Begins to connect to all hosts. Who cannot be reached is told by what asks next. */
  connect(): void;
  close(): Promise<void>;
};

const DEFAULT_FORKS = 20;

/**
 * Reads the inventory, selects hosts and begins to connect. Nothing is contacted when the input is wrong.
 * @param when `later`: not before `connect` is called
 */
export async function openSession(args: Args, when: 'now' | 'later' = 'now'): Promise<Session> {
  const { project, inventory, hosts: selected, settings } = await readProject(args);
  const forks = wholeNumber(args, 'forks', settings.forks ?? DEFAULT_FORKS);
  const service = chooseService(inventory, text(args, 'service'), selected);
  const hosts = selected.flatMap((host) => {
    const instances = host.instances.filter((i) => i.service === service);
    return instances.length === 0 ? [] : [{ ...host, instances }];
  });
  if (hosts.length === 0)
    throw new RefusedError('PD3040', `no selected host runs the service ${service}`, {
      hint: `see "services" in ${inventory.file}`,
    });
  const active = hosts.filter((h) => h.cordon === undefined);
  if (active.length === 0)
    throw new RefusedError('PD3047', 'every selected host is cordoned', {
      hint: `see "cordon" in ${inventory.file}`,
    });
  const stops = interruption();
  const fleet = openFleet(active, await makeTransport(args), forks, stops.gone, inventory.hosts);
  const connect = (): void => void fleet.each((link) => link.connect().catch(() => undefined));
  if (when === 'now') connect();
  return {
    project,
    state: settings.state ?? stateDirectory(project),
    inventory,
    service,
    hosts,
    fleet,
    git: gitState(project),
    forks,
    stops,
    connect,
    close: async () => {
      stops.end();
      await fleet.close();
    },
  };
}

/** A session and the record of its project. Where the record cannot be opened the connections do not stay open. */
export async function openRecordedSession(
  args: Args,
  when: 'now' | 'later' = 'now',
): Promise<{ readonly session: Session; readonly state: StateStore }> {
  const session = await openSession(args, when);
  try {
    const { state } = await openProjectState(session.project);
    return { session, state };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Where the secrets of a playbook and of the inventory are looked for. */
export function surroundings({ project, inventory }: Pick<Session, 'project' | 'inventory'>): Surroundings {
  return { project, inventory: inventory.name, env: process.env, home: homedir() };
}

/** The transport that the flags ask for. @param how the texts of the remote commands */
export async function makeTransport(args: Args, how = commandLine): Promise<AutoTransport> {
  const { createAutoTransport } = await import('../transport/auto.ts');
  const told = new Set<string>();
  return createAutoTransport({
    onOpenssh: (host, why) => {
      if (!told.has(why) && args.quiet !== true) out.err(`${host} is reached by OpenSSH: ${why}`);
      told.add(why);
    },
    commandLine: how,
    policy: args['accept-new'] === true ? 'accept-new' : 'strict',
    env: process.env,
    ...(isInteractive()
      ? { askPassphrase: async (file: string) => (await import('./prompt.ts')).askPassphrase(file) }
      : {}),
    onAcceptedKey: (host, fingerprint) => out.err(`recorded the host key of ${host}: ${fingerprint}`),
  });
}

/** The service that is meant: the one that was named, else the only one of the hosts. */
export function chooseService(
  inventory: Inventory,
  wanted: string | undefined,
  hosts: readonly Host[],
): string {
  const running = [...new Set(hosts.flatMap((h) => h.instances.map((i) => i.service)))];
  if (wanted !== undefined) {
    if (inventory.services.includes(wanted)) return wanted;
    throw UsageError.of(
      'PD2220',
      `no service "${wanted}" in ${inventory.file}`,
      `there is: ${inventory.services.join(', ') || 'none'}`,
    );
  }
  const [only, ...more] = running;
  if (only === undefined)
    throw new RefusedError('PD3040', 'no selected host runs a service', {
      hint: `see "services" in ${inventory.file}`,
    });
  if (more.length > 0)
    throw UsageError.of(
      'PD2221',
      `which service? ${inventory.file} has ${running.join(', ')}`,
      '--service NAME',
    );
  return only;
}
