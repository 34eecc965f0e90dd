import type { Query } from '../../model/resource.ts';
import { assertNever } from '../../util/assert-never.ts';
import { type AgentRequest, agentRequest, type Field, token } from '../request.ts';

export type ObserveInput = {
  readonly opId: string;
  readonly service: string;
  /** Names of the instances that the inventory has on this host. */
  readonly instances: readonly string[];
  readonly queries: readonly Query[];
  /** Tells how much memory main processes have, too. Default: false. */
  readonly memory?: boolean;
};

/** Everything an Observation holds, in one call. Needs no lease. */
export function observeRequest(input: ObserveInput): AgentRequest {
  return agentRequest('observe', input.opId, [
    ['service', input.service],
    ...input.instances.map((name): Field => ['instance', name]),
    ...(input.memory === true ? [['memory', 1] as const] : []),
    ...input.queries.map((query, index): Field => ['query', index, ...queryValues(query)]),
  ]);
}

function queryValues(query: Query): readonly string[] {
  switch (query.kind) {
    case 'path':
      return [query.text ? 'text' : 'path', query.path];
    case 'user':
      return ['user', query.name];
    case 'exec':
      return ['exec', ...query.argv.map(token)];
    default:
      return assertNever(query);
  }
}
