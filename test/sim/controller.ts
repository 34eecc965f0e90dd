import type { ExitCode } from '../../src/errors.ts';
import { type FleetDrains, withDrains } from '../../src/execute/drain/preflight.ts';
import { type SettledDrains, settleDrains } from '../../src/execute/drain/settle.ts';
import { openFleet } from '../../src/execute/fleet.ts';
import type { Made } from '../../src/execute/made.ts';
import { makePlan } from '../../src/execute/make-plan.ts';
import { refuseOvertaken } from '../../src/execute/overtaken.ts';
import { type DeploymentResult, runDeployment } from '../../src/execute/run-deployment.ts';
import { settleFleet } from '../../src/execute/settle-fleet.ts';
import type { Event } from '../../src/model/event.ts';
import type { Host } from '../../src/model/host.ts';
import type { Release } from '../../src/model/release.ts';
import type { Strategy } from '../../src/model/strategy.ts';
import { isIdle } from '../../src/plan/rollout-input.ts';
import type { StateStore } from '../../src/state/port.ts';
import type { Process } from './clock.ts';
import type { Network } from './network.ts';
import { type Releases, type ReleaseText, SERVICE } from './releases.ts';

/** Somebody who deploys, on a machine of their own. */
export type Operator = { readonly name: string; readonly store: StateStore; readonly end: () => void };

/** What is deployed to, and what stands before it. */
export type Where = {
  readonly hosts: readonly Host[];
  readonly balancers: readonly Host[];
  readonly drains: FleetDrains;
};

export type Job = Where & {
  readonly release: ReleaseText;
  readonly strategy: Partial<Strategy>;
  /** How long the plan is looked at before it is performed, milliseconds. */
  readonly thinksMs: number;
  /** A deployment of this operator to go on with. */
  readonly resume?: string;
};

/** How a controller ended. `nothing`: the fleet was as it should be. */
export type Ending =
  | { readonly kind: 'done'; readonly result: DeploymentResult }
  | { readonly kind: 'nothing' }
  /** Hosts of which something may still be open, and why. */
  | { readonly kind: 'settled'; readonly failed: readonly string[] }
  | { readonly kind: 'threw'; readonly error: unknown };

export type ControllerWorld = {
  readonly network: Network;
  readonly releases: Releases;
  /** Around the writing of an event; throws to end the controller there. */
  readonly before: (process: Process, store: StateStore, type: string) => void;
  readonly after: (process: Process, operator: Operator, event: Event) => void;
  readonly interruption: (process: Process) => { readonly stop: AbortSignal; readonly gone: AbortSignal };
  readonly begun: (process: Process, deployment: string, made: Made) => void;
};

/** What `pdeploy rollout --yes` and `pdeploy resume` do between the command line and the terminal. */
export async function deploy(
  world: ControllerWorld,
  process: Process,
  operator: Operator,
  job: Job,
): Promise<Ending> {
  const { stop, gone } = world.interruption(process);
  const fleet = openFleet(job.hosts, world.network.transport(process), 10, gone, beside(job.balancers));
  try {
    const store = watched(world, process, operator);
    const compiled = new Map(job.hosts.map((h) => [h.name, world.releases.compile(h, job.release)]));
    const digest = [...compiled.values()][0]?.release.digest ?? '';
    const release: Release = {
      service: SERVICE,
      id: digest,
      label: job.release.config.trim(),
      createdAt: new Date().toISOString(),
      metadata: {},
    };
    const planned = await makePlan(
      {
        service: SERVICE,
        inventory: {
          name: 'sim',
          file: 'inventories/sim.yaml',
          hosts: new Map(),
          groups: new Map(),
          services: [SERVICE],
        },
        git: '',
        playbook: { name: 'rollout', file: 'playbooks/rollout.ts', sha256: '' },
        strategy: { playbook: job.strategy, flags: {} },
        records: operator.store.releases(SERVICE),
        hosts: job.hosts,
        release,
        fleet,
      },
      compiled,
    );
    const made = await withDrains(planned, job.drains, fleet);
    const plan = job.resume === undefined ? made.plan : (operator.store.plan(job.resume) ?? made.plan);
    if (job.resume !== undefined) refuseOvertaken(plan, operator.store.events(job.resume), made.observations);
    else {
      if (plan.unreachable.length > 0 && plan.strategy.onUnreachable === 'fail') return { kind: 'nothing' };
      if (made.problems.length > 0 || plan.hosts.every(isIdle)) return { kind: 'nothing' };
      if (job.thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, job.thinksMs));
      store.saveRelease(release, new Map(plan.hosts.map((h) => [h.host, h.digest])));
    }
    const result = await runDeployment({
      plan,
      targets: made.targets,
      former: made.former,
      tools: made.tools,
      fleet,
      forks: 10,
      store,
      reporter: async (deployment) => {
        world.begun(process, deployment, { ...made, plan });
        return { event: (event) => world.after(process, operator, event), end: async () => undefined };
      },
      hooks: async () => undefined,
      actor: operator.name,
      interruption: { stop, gone },
      keep: (host) =>
        [plan.hosts.find((h) => h.host === host)?.instances[0]?.from ?? ''].filter((d) => d !== ''),
      kind: 'rollout',
      ...(job.resume === undefined ? { seenLeases: made.observations } : { resume: job.resume }),
    });
    await fleet.close();
    return { kind: 'done', result };
  } catch (error) {
    if (process.state !== 'dead') await fleet.close();
    return { kind: 'threw', error };
  }
}

/** What `pdeploy resume` does where no record here goes on: ends by the hosts' own records what is open there. */
export async function settle(network: Network, process: Process, where: Where): Promise<Ending> {
  const { hosts, balancers, drains } = where;
  const transport = network.transport(process);
  const fleet = openFleet(hosts, transport, 10, new AbortController().signal, beside(balancers));
  try {
    let back: readonly SettledDrains[] = [];
    const settled = await settleFleet({
      fleet,
      service: SERVICE,
      holder: process.name,
      isAbandoned: () => false,
      whileHeld: async () => {
        back = await settleDrains({ fleet, service: SERVICE, drains, all: true });
      },
    });
    await fleet.close();
    return {
      kind: 'settled',
      failed: [
        ...settled.flatMap((one) => (one.kind === 'failed' ? [`${one.host}: ${one.why}`] : [])),
        ...back.flatMap((one) => (one.failed === undefined ? [] : [`${one.host}: ${one.failed}`])),
      ],
    };
  } catch (error) {
    await fleet.close();
    return { kind: 'threw', error };
  }
}

function beside(hosts: readonly Host[]): ReadonlyMap<string, Host> {
  return new Map(hosts.map((host) => [host.name, host]));
}

/** The controller was killed: nothing that it does after that counts. */
export class Killed extends Error {}

/** The record of an operator as one process sees it. */
function watched(world: ControllerWorld, process: Process, { store }: Operator): StateStore {
  const alive = (): void => {
    if (process.state === 'dead') throw new Killed();
  };
  return {
    ...store,
    appendEvent: (deployment, body, t) => {
      alive();
      world.before(process, store, body.type);
      return store.appendEvent(deployment, body, t);
    },
    takeControls: (deployment) => {
      alive();
      return store.takeControls(deployment);
    },
    markRelease: (...args) => {
      alive();
      store.markRelease(...args);
    },
    stopRunning: (deployment) => {
      if (process.state !== 'dead') store.stopRunning(deployment);
    },
  };
}

export function codeOf(ending: Ending): ExitCode | undefined {
  return ending.kind === 'done' ? ending.result.exitCode : undefined;
}

/** How it ended, for the trace. */
export function wordsOf(ending: Ending): string {
  if (ending.kind === 'done') return `${ending.result.outcome} ${codeOf(ending)}`;
  if (ending.kind === 'nothing') return 'nothing to do';
  if (ending.kind === 'settled')
    return ending.failed.length === 0 ? 'settled' : `not settled: ${ending.failed.join('; ')}`;
  const { error } = ending;
  return `threw ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
}
