import type { DrainTarget } from '../../host/verbs/drain.ts';
import type { Drain } from '../../model/drain.ts';
import type { HostName } from '../../model/host.ts';

/** What the agent of one host takes out of traffic. */
export type HostTarget = { readonly on: HostName; readonly target: DrainTarget };

/** Where an instance is drained by agents; nowhere for what is drained by requests or by a program. */
export function targetsOf(host: HostName, instance: string, drain: Drain): readonly HostTarget[] {
  if (drain.kind === 'file') return [{ on: host, target: { kind: 'file', instance, path: drain.path } }];
  if (drain.kind !== 'haproxy') return [];
  const { balancers, socket, backend, server } = drain;
  return balancers.map((on) => ({ on, target: { kind: 'haproxy', socket, backend, server } }));
}
