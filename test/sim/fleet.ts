import type { FleetDrains } from '../../src/execute/drain/preflight.ts';
import { agentScript } from '../../src/host/assemble.ts';
import type { Drain } from '../../src/model/drain.ts';
import type { Host as ModelHost } from '../../src/model/host.ts';
import { serverOf } from './drained.ts';
import type { Fault } from './faults.ts';
import { resolveLink } from './host/agent/units.ts';
import { Haproxy } from './host/haproxy.ts';
import { Host, type HostWorld } from './host/host.ts';
import { place, SYSTEM } from './host/paths.ts';
import { AGENT } from './network.ts';
import type { Random } from './random.ts';
import { type Releases, type ReleaseText, SERVICE } from './releases.ts';
import type { Scenario } from './scenario.ts';
import type { Spot } from './spot.ts';

/** Each instance is a server of each balancer. */
export function drainsOf(
  hosts: readonly ModelHost[],
  balancers: readonly ModelHost[],
  waitMs: number,
): FleetDrains {
  if (balancers.length === 0) return new Map();
  const names = balancers.map((host) => host.name);
  const drainOf = (id: string): Drain => ({
    kind: 'haproxy',
    balancers: names,
    backend: SERVICE,
    server: serverOf(id),
    socket: '/run/haproxy/admin.sock',
    waitMs,
  });
  return new Map(
    hosts.map((host) => [host.name, new Map(host.instances.map((i) => [i.name, [drainOf(i.id)]]))]),
  );
}

/** An HAProxy on each balancer, with all instances behind it. */
export function balance(balancers: readonly Host[], spots: readonly Spot[]): void {
  for (const host of balancers) {
    host.haproxy = new Haproxy(host);
    for (const { id, host: behind, at } of spots)
      host.haproxy.add(serverOf(id), () => behind.on && behind.systemd.serves(at.unit));
  }
}

const HOUR_MS = 3_600_000;

/** A host as the inventory has it. */
export function inventoryHost(name: string, instances: number): ModelHost {
  return {
    name,
    connection: {
      address: '198.18.0.1',
      port: 22,
      user: 'root',
      identities: [],
      knownHosts: [],
      hostKeys: [],
      jump: [],
      transport: 'auto',
    },
    groups: ['all'],
    vars: new Map(),
    instances: Array.from({ length: instances }, (_, n) => ({
      id: `${name}@${n + 1}`,
      host: name,
      service: SERVICE,
      name: String(n + 1),
      unit: `${SERVICE}@${n + 1}.service`,
      vars: new Map(),
    })),
  };
}

/** A host on which the old release runs, or nothing. */
export function bootHost(
  world: HostWorld,
  host: ModelHost,
  scenario: Scenario,
  releases: Releases,
  old: ReleaseText,
): Host {
  const made = new Host(host.name, world);
  made.systemd.resolve = (unit) => resolveLink(made, placeOf(unit));
  if (scenario.agentThere) made.disk.write(AGENT, agentScript().sha256);
  if (!scenario.firstInstall) {
    const { release } = releases.compile(host, old);
    const stored = {
      manifest: release.manifest,
      unit: old.unit,
      meta: JSON.stringify({ release: release.digest, label: 'old' }),
    };
    for (const { name } of host.instances) {
      const at = place(SERVICE, name);
      made.disk.write(`${at.R}/${release.digest}`, JSON.stringify(stored));
      made.disk.link(at.C, `${at.R}/${release.digest}`);
      made.disk.write(`${SYSTEM}/${at.unit}`, old.unit);
      made.disk.link(at.wants, `${SYSTEM}/${at.unit}`);
      made.disk.write(at.tmpfiles, 'L+!\n');
      made.disk.write(`${at.I}/progress`, '- 0 0\n');
      made.run.set(at.L, at.C);
      made.systemd.startNow(at.unit);
    }
  }
  made.disk.settle();
  return made;
}

export function placeOf(unit: string) {
  const [service = '', rest = ''] = unit.split('@');
  return place(service, rest.slice(0, -'.service'.length));
}

/** What is wrong with a host all the time. */
export function always(host: Host, { kind }: Fault, random: Random): void {
  if (kind === 'clock +1 h') host.skewMs = HOUR_MS;
  if (kind === 'clock -1 h') host.skewMs = -HOUR_MS;
  if (kind === 'probe says good') host.systemd.lie = () => 'good';
  if (kind === 'probe says sick') host.systemd.lie = () => 'sick';
  if (kind === 'probe flaps') host.systemd.lie = () => (random.chance(0.3) ? 'sick' : undefined);
}
