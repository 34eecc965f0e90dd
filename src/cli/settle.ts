import { EXIT, type ExitCode, RefusedError } from '../errors.ts';
import { drainsOf } from '../execute/drain/preflight.ts';
import { type SettledDrains, settleDrains } from '../execute/drain/settle.ts';
import { type FleetStatus, fleetStatus } from '../execute/fleet-status.ts';
import { actor } from '../execute/origin.ts';
import { type SettledHost, settleFleet } from '../execute/settle-fleet.ts';
import { type SettleRow, settleTable } from '../report/settle.ts';
import { detectStyle } from '../report/style.ts';
import { shortRelease } from '../report/words.ts';
import type { StateStore } from '../state/port.ts';
import type { Args } from './args.ts';
import { out } from './io.ts';
import { judgesOfProject } from './judges.ts';
import { withLockWait } from './lock-wait.ts';
import type { Session } from './session.ts';
import { waiting } from './wait.ts';

/**
 * Ends by the hosts' own records what no record here goes on with, and tells where the fleet stands.
 * @throws RefusedError PD5007 when nothing was open anywhere and all runs one release
 */
export async function settle(args: Args, session: Session, state: StateStore): Promise<ExitCode> {
  const { fleet, service, inventory } = session;
  const quiet = args.quiet === true;
  let hosts: readonly SettledHost[] = [];
  let drained: readonly SettledDrains[] = [];
  const drains = drainsOf(inventory, await judgesOfProject(session));
  await withLockWait(args, session, async () => {
    const job = settleFleet({
      fleet,
      service,
      holder: actor(),
      isAbandoned: (id) => state.plan(id) !== undefined && state.runner(id)?.alive !== 'yes',
      whileHeld: async () => {
        drained = await settleDrains({ fleet, service, drains, all: isWhole(session) });
      },
    });
    hosts = await waiting('Asking the hosts', quiet, job);
  });
  const look = fleetStatus(fleet, service, () => judgesOfProject(session));
  const releases = releasesOf(await waiting('Asking the hosts', quiet, look));
  const rows = [...hosts.flatMap(rowsOf), ...drained.flatMap(drainRows)];
  if (rows.length === 0 && releases.size <= 1)
    throw new RefusedError(
      'PD5007',
      `there is nothing to resume: no record here, and nothing open on the ${hosts.length} hosts of ${inventory.name}`,
      { hint: 'pdeploy history' },
    );
  if (rows.length > 0) out.data(`${settleTable(rows, detectStyle(process.stdout, process.env))}\n`);
  for (const line of whereItStands(service, inventory.name, releases)) out.data(line);
  if (rows.some((row) => !row.ok) || releases.size > 1) return EXIT.needsPerson;
  return EXIT.done;
}

/** Every host of the inventory that runs the service is selected. */
function isWhole({ inventory, service, hosts }: Session): boolean {
  const runs = [...inventory.hosts.values()].filter((h) => h.instances.some((i) => i.service === service));
  return runs.every(({ name }) => hosts.some((host) => host.name === name));
}

function rowsOf(host: SettledHost): readonly SettleRow[] {
  if (host.kind === 'failed') return [{ host: host.host, what: `not known: ${host.why}`, ok: false }];
  const trials = host.trials.map(
    ({ instance, deployment, how }): SettleRow => ({
      host: host.host,
      what: `instance ${instance}, ${deployment}: ${how === 'committed' ? 'committed' : 'taken back'}`,
      ok: true,
    }),
  );
  const undone = host.undone.map(
    (what): SettleRow => ({ host: host.host, what: `undone: ${what}`, ok: true }),
  );
  const rows = [...trials, ...undone];
  if (rows.length > 0 || host.freed === undefined) return rows;
  return [{ host: host.host, what: `the lease of ${host.freed}: freed`, ok: true }];
}

function drainRows({ host, back, failed }: SettledDrains): readonly SettleRow[] {
  const rows = back.map((what): SettleRow => ({ host, what: `back in traffic: ${what}`, ok: true }));
  return failed === undefined ? rows : [...rows, { host, what: `still drained: ${failed}`, ok: false }];
}

type Standing = { readonly label: string; readonly instances: readonly string[] };

/** By release id, '' for instances that run nothing of ours. */
function releasesOf(status: FleetStatus): ReadonlyMap<string, Standing> {
  const releases = new Map<string, Standing>();
  for (const { release, label, host, instance } of status.instances) {
    const known = releases.get(release)?.instances ?? [];
    releases.set(release, { label, instances: [...known, `${host}@${instance}`] });
  }
  return releases;
}

const NAMED_INSTANCES = 10;

function whereItStands(
  service: string,
  inventory: string,
  releases: ReadonlyMap<string, Standing>,
): readonly string[] {
  const lines = [...releases].map(([release, { label, instances }]) => {
    const what = release === '' ? 'no release' : `${shortRelease(release)} ${label}`.trim();
    const more = instances.length > NAMED_INSTANCES ? `, and ${instances.length - NAMED_INSTANCES} more` : '';
    return `  ${what}: ${instances.slice(0, NAMED_INSTANCES).join(', ')}${more}`;
  });
  const head = `${service} on ${inventory} runs ${releases.size === 1 ? 'one release' : `${releases.size} releases`}:`;
  if (releases.size === 1) return [head, ...lines];
  return [
    head,
    ...lines,
    `Go on   pdeploy rollout -i ${inventory}`,
    `Go back pdeploy rollback -i ${inventory}`,
  ];
}
