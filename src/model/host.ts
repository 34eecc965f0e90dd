import type { Json, Vars } from './json.ts';

export type HostName = string;

/** What an SSH connection needs. Every hop of `jump` has a verifier of its own. */
export type Connection = {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key files, absolute; empty: agent and the defaults of ssh. */
  readonly identities: readonly string[];
  /** known_hosts files, absolute; empty: the user's and the machine's. */
  readonly knownHosts: readonly string[];
  /** `SHA256:...` fingerprints; when present they alone decide. */
  readonly hostKeys: readonly string[];
  /** Hops from the controller outwards, already resolved. */
  readonly jump: readonly Hop[];
  readonly transport: 'auto' | 'ssh2' | 'openssh';
  /**
   * What the inventory leaves open, so that ssh_config may decide; the fields then hold the host's name,
   * 22 and the operator's login name.
   */
  readonly unset?: readonly ('address' | 'port' | 'user')[];
};

export type Hop = Omit<Connection, 'jump' | 'transport'> & { readonly name: string };

/** A host kept out of every deployment until `until` (an ISO date, inclusive) or for ever. */
export type Cordon = { readonly reason: string; readonly until?: string };

/** One running copy of a service on one host; what a rolling restart restarts. */
export type Instance = {
  readonly id: InstanceId;
  readonly host: HostName;
  readonly service: string;
  readonly name: string;
  /** `<service>@<name>.service` */
  readonly unit: string;
  readonly vars: Vars;
};

/** `edge-03@1`: host, then instance name. */
export type InstanceId = string;

export type Host = {
  readonly name: HostName;
  readonly connection: Connection;
  /** All groups it belongs to, nearest first. */
  readonly groups: readonly string[];
  readonly zone?: string;
  readonly region?: string;
  readonly cordon?: Cordon;
  readonly vars: Vars;
  readonly instances: readonly Instance[];
};

export function instanceId(host: HostName, name: string): InstanceId {
  return `${host}@${name}`;
}

export function unitName(service: string, instance: string): string {
  return `${service}@${instance}.service`;
}

/** Reads one variable, `undefined` when absent. */
export function getVar(vars: Vars, name: string): Json | undefined {
  return vars.get(name);
}
