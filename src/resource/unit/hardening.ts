import { optionProblem } from '../options.ts';
import type { ServiceSection } from './section.ts';

/**
 * How far the service is shut in, by the score of `systemd-analyze security` (lower is better): `A` 1.4, may bind
 * ports below 1024; `B` 1.1, may not, unless the host allows it to everybody (`net.ipv4.ip_unprivileged_port_start`);
 * `C` 1.0, sees only /usr, its release and a few files of /etc; `D` 0.9, as C and talks only to the named networks.
 */
export type Hardening = 'A' | 'B' | 'C' | 'D' | 'none';

// ProcSubset=pid is left out on purpose: it does not move the score, and it hides /proc/stat and /proc/sys/net/core/somaxconn,
// from which a metrics endpoint takes its start time and a listener the length of its queue.
const COMMON: ServiceSection = {
  NoNewPrivileges: true,
  ProtectSystem: 'strict',
  ProtectHome: true,
  PrivateTmp: true,
  PrivateDevices: true,
  DevicePolicy: 'closed',
  PrivateMounts: true,
  ProtectKernelTunables: true,
  ProtectKernelModules: true,
  ProtectKernelLogs: true,
  ProtectControlGroups: true,
  ProtectClock: true,
  ProtectHostname: true,
  ProtectProc: 'invisible',
  RestrictNamespaces: true,
  RestrictRealtime: true,
  RestrictSUIDSGID: true,
  RestrictAddressFamilies: ['AF_INET', 'AF_INET6', 'AF_UNIX'],
  LockPersonality: true,
  MemoryDenyWriteExecute: true,
  RemoveIPC: true,
  KeyringMode: 'private',
  SystemCallArchitectures: 'native',
  SystemCallFilter: ['@system-service', '~@privileged @resources'],
  SystemCallErrorNumber: 'EPERM',
};

const NO_CAPABILITIES: ServiceSection = { CapabilityBoundingSet: [], PrivateUsers: true };

/** Directory that is the root of services with set C or D; it stays empty, everything in it is bound. */
export function rootDirectory(service: string): string {
  return `/opt/pdeploy/${service}/root`;
}

/** Keys of one set. `networks` are those of set D. */
export function hardeningKeys(
  set: Hardening,
  service: string,
  networks: readonly string[] = [],
): ServiceSection {
  switch (set) {
    case 'none':
      return {};
    case 'A':
      return {
        ...COMMON,
        CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE',
        AmbientCapabilities: 'CAP_NET_BIND_SERVICE',
      };
    case 'B':
      return { ...COMMON, ...NO_CAPABILITIES };
    case 'C':
      return { ...COMMON, ...NO_CAPABILITIES, ...ownRoot(service) };
    case 'D':
      return {
        ...hardeningKeys('C', service),
        IPAddressDeny: 'any',
        IPAddressAllow: ['localhost', ...checkNetworks(networks)],
      };
    default:
      throw optionProblem(
        'systemdUnit',
        `hardening: expected one of "A", "B", "C", "D", "none", got ${JSON.stringify(set)}`,
      );
  }
}

function ownRoot(service: string): ServiceSection {
  const always = ['/usr', '/lib', '/etc/passwd', '/etc/group', '/etc/hosts'];
  const maybe = ['/lib64', '/bin', '/etc/resolv.conf', '/etc/nsswitch.conf', '/etc/ssl'];
  const own = [`/opt/pdeploy/${service}`, `/run/pdeploy/${service}`];
  return {
    RootDirectory: rootDirectory(service),
    MountAPIVFS: true,
    BindReadOnlyPaths: [...always, ...maybe.map((path) => `-${path}`), ...own],
  };
}

function checkNetworks(networks: readonly string[]): readonly string[] {
  const hint =
    'an allow list with everything on it would lower the score and protect nothing; use set C instead';
  if (networks.length === 0)
    throw optionProblem('systemdUnit', 'hardening "D" needs networks: the clients and upstreams', hint);
  const all = networks.find((network) => network === 'any' || network.endsWith('/0'));
  if (all !== undefined) throw optionProblem('systemdUnit', `networks: "${all}" is every address`, hint);
  return networks;
}
