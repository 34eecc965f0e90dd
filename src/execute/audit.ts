import type { HostName } from '../model/host.ts';
import type { ChainReport, StateStore } from '../state/port.ts';
import type { Fleet } from './fleet.ts';
import { observeHost } from './observe.ts';

/** What a host keeps of the record of whoever deployed there: one line a deployment, written by its agent. */
export type Anchor = {
  readonly deployment: string;
  /** Hash of the first event of that record: which record it is. */
  readonly chain: string;
  /** The newest event when the deployment ended, and its hash. */
  readonly n: number;
  readonly hash: string;
};

export type HostAudit = {
  readonly host: HostName;
  /** Anchors of this record that were compared, and those of other operators' records. */
  readonly compared: number;
  readonly others: number;
  readonly problems: readonly string[];
  /** '' when it could be asked. */
  readonly unreachable: string;
};

export type Audit = { readonly chain: ChainReport; readonly hosts: readonly HostAudit[] };

/** Checks the record of this project in itself, and against the anchors on the hosts of a fleet. */
export async function audit(state: StateStore, fleet?: Fleet, service = ''): Promise<Audit> {
  const chain = state.verifyChain();
  if (fleet === undefined) return { chain, hosts: [] };
  return { chain, hosts: await fleet.each((link) => auditHost(state, link, service)) };
}

const ANCHORS = 'anchors';

async function auditHost(
  state: StateStore,
  link: Parameters<Parameters<Fleet['each']>[0]>[0],
  service: string,
): Promise<HostAudit> {
  const host = link.host.name;
  const seen = await observeHost(link, {
    service,
    instances: [],
    queries: [{ kind: 'path', id: ANCHORS, path: `/var/lib/pdeploy/${service}/anchors`, text: true }],
  });
  if (seen.kind === 'unreachable')
    return { host, compared: 0, others: 0, problems: [], unreachable: seen.why };
  const answer = seen.observation.answers.get(ANCHORS);
  const anchors = parseAnchors(answer?.kind === 'path' ? (answer.text ?? '') : '');
  const own = anchors.filter((a) => a.chain === state.eventHash(1));
  return {
    host,
    compared: own.length,
    others: anchors.length - own.length,
    problems: own.flatMap((anchor) => anchorProblem(anchor, state.eventHash(anchor.n))),
    unreachable: '',
  };
}

function anchorProblem({ deployment, n, hash }: Anchor, here: string | undefined): readonly string[] {
  if (here === hash) return [];
  const what =
    here === undefined ? 'is missing in this record' : 'is not the one that this record has in its place';
  return [`event ${n}, which it keeps since ${deployment}, ${what}`];
}

/** `<deployment> <chain> <n> <hash>` a line; what is not such a line is left out. */
export function parseAnchors(text: string): readonly Anchor[] {
  return text.split('\n').flatMap((line): readonly Anchor[] => {
    const [, deployment, chain, n, hash] =
      /^(\S+) ([0-9a-f]{64}) (\d{1,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
    if (deployment === undefined || chain === undefined || hash === undefined) return [];
    return [{ deployment, chain, n: Number(n), hash }];
  });
}

/** The anchor to leave on the hosts of a deployment that ends now; undefined in a record without events. */
export function anchorNow(state: StateStore): Omit<Anchor, 'deployment'> | undefined {
  const chain = state.eventHash(1);
  return chain === undefined ? undefined : { chain, ...state.head() };
}
