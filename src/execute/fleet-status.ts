import { watchRequest } from '../host/verbs/watch.ts';
import type { InstanceObservation, Observation } from '../model/facts.ts';
import type { HealthCheck, Probe } from '../model/health.ts';
import type { Host, HostName } from '../model/host.ts';
import type { FormerRelease } from './deployment-context.ts';
import { instancesOf } from './draft.ts';
import type { Fleet } from './fleet.ts';
import { formerReleases } from './former.ts';
import { gate } from './gate.ts';
import type { Judge } from './judges.ts';
import { observeHost } from './observe.ts';
import { recallRelease } from './release-cache.ts';

export type InstanceStatus = {
  readonly host: HostName;
  readonly instance: string;
  /** Fleet-wide id of the release that runs, '' when nothing of ours does. */
  readonly release: string;
  readonly label: string;
  readonly health: 'healthy' | 'unhealthy' | 'stopped' | 'unknown';
  readonly sinceMs: number;
  readonly note: string;
};

export type FleetStatus = {
  readonly instances: readonly InstanceStatus[];
  readonly unreachable: readonly { readonly host: HostName; readonly why: string }[];
  readonly observations: ReadonlyMap<HostName, Observation>;
};

const LOOK_MS = 3_000;

/**
 * What runs where by the hosts' own word, with one round of the health check of each instance.
 * @param judges asked for when a host runs a release that this machine has no health check of
 */
export async function fleetStatus(
  fleet: Fleet,
  service: string,
  judges: () => Promise<ReadonlyMap<HostName, Judge>>,
): Promise<FleetStatus> {
  const unreachable: { host: HostName; why: string }[] = [];
  let asked: ReturnType<typeof judges> | undefined;
  const observations = new Map<HostName, Observation>();
  const rows = await fleet.each(async (link) => {
    const instances = instancesOf(link.host, service);
    const look = await observeHost(link, { service, instances: instances.map((i) => i.name), queries: [] });
    if (look.kind === 'unreachable') {
      unreachable.push({ host: link.host.name, why: look.why });
      return instances.map(
        (i): InstanceStatus => ({
          host: i.host,
          instance: i.name,
          release: '',
          label: '',
          health: 'unknown',
          sinceMs: 0,
          note: 'unreachable',
        }),
      );
    }
    const { observation } = look;
    observations.set(link.host.name, observation);
    const strange = [...observation.instances.values()].some((i) => isStrange(runs(i)));
    if (strange) asked ??= judges();
    const former = formerReleases(new Map([[link.host.name, observation]]), (await asked) ?? new Map());
    return Promise.all(
      instances.map((i) => instanceStatus(fleet, link.host, service, i.name, observation, former)),
    );
  });
  return { instances: rows.flat(), unreachable, observations };
}

/** Digest of the release an instance runs, else of the one it would run. */
function runs(instance: InstanceObservation): string {
  return instance.running === '' ? instance.current : instance.running;
}

function isStrange(digest: string): boolean {
  return digest !== '' && recallRelease(digest) === undefined;
}

/** Many handshakes prove that no process before serves beside this one, which is a question of trials. */
function atALook(check: HealthCheck | undefined): HealthCheck | undefined {
  const probes = check?.probes.map((p): Probe => (p.kind === 'tls' ? { ...p, times: 1 } : p));
  return check === undefined || probes === undefined ? undefined : { ...check, probes };
}

async function instanceStatus(
  fleet: Fleet,
  host: Host,
  service: string,
  instance: string,
  observation: Observation,
  former: (host: HostName, digest: string) => FormerRelease,
): Promise<InstanceStatus> {
  const seen = observation.instances.get(instance);
  const digest = seen === undefined ? '' : runs(seen);
  const known = observation.releases.find((r) => r.digest === digest);
  const base = { host: host.name, instance, release: known?.release ?? digest, label: known?.label ?? '' };
  if (seen === undefined || digest === '')
    return { ...base, health: 'stopped', sinceMs: 0, note: 'nothing deployed' };
  const note =
    seen.pending === undefined
      ? seen.current === digest
        ? ''
        : 'runs another release than it would after a reboot'
      : 'on trial';
  if (seen.activeState !== 'active')
    return { ...base, health: 'stopped', sinceMs: 0, note: `${seen.activeState} (${seen.subState})` };
  const release = former(host.name, digest);
  const check = atALook(release.health(instance));
  const sinceMs = seen.uptimeSeconds * 1_000;
  if (check === undefined)
    return { ...base, health: 'unknown', sinceMs, note: note || 'no health check is known here' };
  const request = watchRequest({
    opId: `look-${instance}`,
    service,
    instance,
    expect: digest,
    binary: release.binary,
    health: check,
    streamSeconds: 5,
  });
  const result = await gate({
    link: fleet.link(host.name),
    request,
    check,
    ids: release.ids,
    minHealthyMs: 0,
    healthyDeadlineMs: LOOK_MS,
    address: host.connection.address,
    gone: new AbortController().signal,
    onSwitched: () => undefined,
    onSample: () => undefined,
  });
  if (result.kind === 'healthy') return { ...base, health: 'healthy', sinceMs, note };
  return { ...base, health: 'unhealthy', sinceMs, note: result.kind === 'unhealthy' ? result.why : note };
}
