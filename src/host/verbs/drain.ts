import { type AgentRequest, agentRequest, type Field } from '../request.ts';

/** What a host can take out of traffic: a server of its HAProxy, or the instance that looks for a file. */
export type DrainTarget =
  | { readonly kind: 'haproxy'; readonly socket: string; readonly backend: string; readonly server: string }
  | { readonly kind: 'file'; readonly instance: string; readonly path: string };

export type DrainInput = { readonly opId: string; readonly service: string; readonly target: DrainTarget } & (
  | { readonly action: 'check' }
  /** What another deployment has out stays out. Without one: whoever has it out. */
  | { readonly action: 'ready'; readonly deployment?: string }
  /**
   * After `guardSeconds` the host brings it back by itself. `epoch` is that of the lease of the instance's host: what
   * somebody with a newer one has out is not taken over, code `fenced`.
   */
  | {
      readonly action: 'out';
      readonly deployment: string;
      readonly epoch: number;
      readonly guardSeconds: number;
    }
  /** `wait`: until no request is left there; `up`: until HAProxy gives it traffic again. No longer than `streamSeconds`. */
  | { readonly action: 'wait' | 'up'; readonly streamSeconds: number }
);

/** What HAProxy says of a server. `inFlight`: requests there or queued for it. `away`: in drain or maintenance. */
export type ServerState = { readonly inFlight: number; readonly away: boolean; readonly status: string };

/** May be repeated: what is out already is not taken out twice, what was not noted is not brought back. */
export function drainRequest(input: DrainInput): AgentRequest {
  const { target } = input;
  const fields: Field[] = [
    ['service', input.service],
    ['action', input.action],
  ];
  if (target.kind === 'file') fields.push(['instance', target.instance], ['target', 'file', target.path]);
  else fields.push(['target', 'haproxy', target.socket, target.backend, target.server]);
  if ('deployment' in input && input.deployment !== undefined) fields.push(['deployment', input.deployment]);
  if ('guardSeconds' in input) fields.push(['epoch', input.epoch], ['guard', Math.ceil(input.guardSeconds)]);
  if ('streamSeconds' in input) fields.push(['stream', Math.ceil(input.streamSeconds)]);
  return agentRequest('drain', input.opId, fields);
}

/** What a host has noted as out, and who has it out. */
export type DrainNote = { readonly deployment: string; readonly target: DrainTarget };

/** Asks for everything that deployments of the service have out on a host. */
export function drainNotesRequest(opId: string, service: string): AgentRequest {
  return agentRequest('drain', opId, [
    ['service', service],
    ['action', 'noted'],
  ]);
}

/** `server <in flight> <admin bits> <status>` of `check` and `up` */
export function decodeServer(lines: readonly string[]): ServerState | undefined {
  const match = lines.map((line) => /^server (\d+) (\d+) (.+)$/.exec(line)).find((m) => m !== null);
  if (match?.[3] === undefined) return undefined;
  return { inFlight: Number(match[1]), away: (Number(match[2]) & 9) !== 0, status: match[3] };
}

/** Somebody had taken it out before, and it stays out when the deployment is done. */
export function isKept(lines: readonly string[]): boolean {
  return lines.includes('drain kept');
}

/** Requests that were left when `wait` ended. */
export function decodeLeft(lines: readonly string[]): number | undefined {
  const last = lines.findLast((line) => /^left \d+$/.test(line));
  return last === undefined ? undefined : Number(last.slice(5));
}

/** `noted <deployment> <instance|-> haproxy <socket> <backend> <server>` or `... file <path>` */
export function decodeNotes(lines: readonly string[]): readonly DrainNote[] {
  return lines.flatMap((line): DrainNote[] => {
    const [word, deployment = '', instance = '', kind, ...rest] = line.split(' ');
    if (word !== 'noted') return [];
    const [first = '', backend = '', server = ''] = rest;
    if (kind === 'file') return [{ deployment, target: { kind, instance, path: first } }];
    return kind === 'haproxy' ? [{ deployment, target: { kind, socket: first, backend, server } }] : [];
  });
}

/** As `edge/edge-01-1`, or the path of a file. */
export function targetName(target: DrainTarget): string {
  return target.kind === 'file' ? target.path : `${target.backend}/${target.server}`;
}
