import { randomBytes } from 'node:crypto';
import type { AgentRequest } from '../../host/request.ts';
import {
  type DrainNote,
  type DrainTarget,
  decodeNotes,
  drainNotesRequest,
  drainRequest,
  targetName,
} from '../../host/verbs/drain.ts';
import type { HostName } from '../../model/host.ts';
import type { Fleet } from '../fleet.ts';
import type { CallResult } from '../host-link.ts';
import { describe } from '../lease.ts';
import type { FleetDrains } from './preflight.ts';
import { targetsOf } from './targets.ts';

/** `back`: what deployments had left out of traffic, as `edge/edge-01-1` or the path of a file. */
export type SettledDrains = {
  readonly host: HostName;
  readonly back: readonly string[];
  readonly failed: string | undefined;
};

export type SettleDrainsInput = {
  readonly fleet: Fleet;
  readonly service: string;
  /** Of the hosts whose leases are held. */
  readonly drains: FleetDrains;
  /** No other host runs the service: what the inventory does not know any more was one of these too. */
  readonly all: boolean;
};

const DEADLINE_MS = 60_000;

/**
 * Brings back on balancers and hosts what they have noted as out. Nobody may be deploying to these hosts meanwhile; what
 * somebody has taken out anew since it was asked for stays out.
 */
export async function settleDrains(input: SettleDrainsInput): Promise<readonly SettledDrains[]> {
  const targets = [...input.drains].flatMap(([host, instances]) =>
    [...instances].flatMap(([instance, drains]) => drains.flatMap((d) => targetsOf(host, instance, d))),
  );
  return await Promise.all(
    [...Map.groupBy(targets, ({ on }) => on)].map(async ([host, own]): Promise<SettledDrains> => {
      const ask = (request: AgentRequest): Promise<CallResult> =>
        input.fleet.link(host).call(request, { deadlineMs: DEADLINE_MS });
      const noted = await ask(drainNotesRequest(newId(), input.service));
      if (noted.kind !== 'ok') return { host, back: [], failed: describe(noted) };
      const known = new Set(own.map(({ target }) => targetKey(target)));
      const notes = decodeNotes(noted.lines).filter((n) => input.all || known.has(targetKey(n.target)));
      const back: string[] = [];
      const failed: string[] = [];
      for (const note of notes) {
        const why = await bringBack(ask, input.service, note);
        if (why === undefined) back.push(targetName(note.target));
        else failed.push(`${targetName(note.target)}: ${why}`);
      }
      return { host, back, failed: failed.length === 0 ? undefined : failed.join('; ') };
    }),
  );
}

async function bringBack(
  ask: (request: AgentRequest) => Promise<CallResult>,
  service: string,
  { deployment, target }: DrainNote,
): Promise<string | undefined> {
  const request = drainRequest({ opId: newId(), service, target, action: 'ready', deployment });
  const result = await ask(request);
  return result.kind === 'ok' ? undefined : describe(result);
}

const newId = (): string => `undrain-${randomBytes(6).toString('hex')}`;

const targetKey = (target: DrainTarget): string =>
  target.kind === 'file'
    ? `${target.instance} ${target.path}`
    : `${target.socket} ${target.backend} ${target.server}`;
