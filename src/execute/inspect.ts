import { randomBytes } from 'node:crypto';
import { decodeFacts } from '../host/decode/facts.ts';
import { decodeInspection, type Inspection } from '../host/decode/inspection.ts';
import { inspectRequest } from '../host/verbs/inspect.ts';
import type { HostFacts } from '../model/facts.ts';
import type { HostLink } from './host-link.ts';
import { describe } from './lease.ts';

const DEADLINE_MS = 15_000;

export type Look = {
  readonly inspection: Inspection;
  readonly facts: HostFacts;
  /** The clocks were compared at some moment of the call: half of it in milliseconds. */
  readonly slackMs: number;
};

/** One call a service; what is not of a service is the same in all. A text when the agent refuses. */
export async function inspectHost(link: HostLink, services: readonly string[]): Promise<string | Look> {
  const { host } = link;
  const looks: Look[] = [];
  const [first = 'none', ...more] = services;
  for (const service of [first, ...more]) {
    const instances = host.instances.filter((i) => i.service === service).map((i) => i.name);
    const opId = `inspect-${randomBytes(6).toString('hex')}`;
    const sent = Date.now();
    const result = await link.call(inspectRequest({ opId, service, instances }), {
      deadlineMs: DEADLINE_MS,
      retryForMs: 5_000,
    });
    if (result.kind !== 'ok') return describe(result);
    const slackMs = (Date.now() - sent) / 2;
    const facts = decodeFacts(result.lines, host.name, sent + slackMs);
    looks.push({ inspection: decodeInspection(result.lines), facts, slackMs });
  }
  const [look] = looks;
  if (look === undefined) return 'it was not asked';
  const instances = looks.flatMap(({ inspection }) => inspection.instances);
  return { ...look, inspection: { ...look.inspection, instances } };
}
