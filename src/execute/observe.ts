import { randomBytes } from 'node:crypto';
import { ConnectError } from '../errors.ts';
import { decodeObservation } from '../host/decode/observation.ts';
import { observeRequest } from '../host/verbs/observe.ts';
import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Query } from '../model/resource.ts';
import type { HostLink } from './host-link.ts';

export type Observed =
  | { readonly kind: 'observed'; readonly host: HostName; readonly observation: Observation }
  | { readonly kind: 'unreachable'; readonly host: HostName; readonly why: string; readonly error?: Error };

const DEADLINE_MS = 15_000;

/** Looks at one host, in one call. A host that cannot be asked is a value, not an exception. */
export async function observeHost(
  link: HostLink,
  input: {
    readonly service: string;
    readonly instances: readonly string[];
    readonly queries: readonly Query[];
    readonly memory?: boolean;
  },
): Promise<Observed> {
  const host = link.host.name;
  const request = observeRequest({ opId: `observe-${randomBytes(6).toString('hex')}`, ...input });
  // The clock is compared over the call alone, not over the handshake before it.
  try {
    await link.connect();
  } catch (error) {
    if (error instanceof ConnectError) return { kind: 'unreachable', host, why: error.message, error };
    throw error;
  }
  const sent = Date.now();
  const result = await link.call(request, { deadlineMs: DEADLINE_MS, retryForMs: 5_000 });
  switch (result.kind) {
    case 'ok':
      return {
        kind: 'observed',
        host,
        observation: decodeObservation(result.lines, {
          host,
          service: input.service,
          queries: input.queries,
          midpointMs: (sent + Date.now()) / 2,
        }),
      };
    case 'unreachable':
      return {
        kind: 'unreachable',
        host,
        why: result.why,
        ...(result.error === undefined ? {} : { error: result.error }),
      };
    case 'error':
      return { kind: 'unreachable', host, why: `its agent said ${result.code}: ${result.message}` };
    case 'unknown':
      return { kind: 'unreachable', host, why: result.why };
    case 'stopped':
      return { kind: 'unreachable', host, why: 'stopped' };
  }
}
