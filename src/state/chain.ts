import { canonicalJson, sha256 } from '../util/digest.ts';
import type { ChainProblem, ChainReport } from './port.ts';

/** An event as it is stored: `json` is its canonical text, `n` counts all events of the store from 1. */
export type Link = {
  readonly n: number;
  readonly deployment: string;
  readonly seq: number;
  readonly json: string;
  readonly prev: string;
  readonly hash: string;
};

export function linkHash(prev: string, json: string): string {
  return sha256(prev + json);
}

/**
 * Looks for anything that was changed, removed, added or moved after it was written. `last` is how many events the
 * store has ever numbered, so that a tail that was cut off shows too.
 */
export function verifyLinks(links: Iterable<Link>, last: number): ChainReport {
  const problems: ChainProblem[] = [];
  const nextSeq = new Map<string, number>();
  let prev = '';
  let n = 0;
  let count = 0;
  for (const link of links) {
    const report = (what: string) =>
      problems.push({ n: link.n, deployment: link.deployment, seq: link.seq, what });
    if (link.n !== n + 1) report(`${link.n - n - 1} events before it are missing`);
    if (link.prev !== prev) report('it does not follow the event before it');
    if (link.hash !== linkHash(link.prev, link.json)) report('its text was changed after it was written');
    const said = parse(link.json);
    if (said?.deployment !== link.deployment || said.seq !== link.seq)
      report('its text names another deployment or place');
    const seq = nextSeq.get(link.deployment) ?? 1;
    if (link.seq !== seq) report(`it is number ${link.seq} of its deployment where ${seq} was due`);
    nextSeq.set(link.deployment, link.seq + 1);
    prev = link.hash;
    n = link.n;
    count += 1;
  }
  if (n < last)
    problems.push({
      n: last,
      deployment: '',
      seq: 0,
      what: `the last ${last - n} events are missing`,
    });
  return { ok: problems.length === 0, events: count, head: prev, problems };
}

function parse(json: string): { deployment: unknown; seq: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || canonicalJson(value) !== json) return undefined;
    return { deployment: Reflect.get(value, 'deployment'), seq: Reflect.get(value, 'seq') };
  } catch {
    return undefined;
  }
}
