import type { Through } from '../model/through.ts';
import { type Echo, isNamed, placeName, type RawHttp, tells } from './echo.ts';

/** What an answer is compared with. */
export type ThroughWanted = {
  readonly release: Echo;
  /** What the instance ran before; during a handover that may still answer. */
  readonly before: Echo;
  /** Main process; 0 when it is not known. */
  readonly pid: number;
  /** The balancer has said that it gives the instance traffic: whatever it answers with 5xx is wrong. */
  readonly up: boolean;
  /** The instance is on its way back: nothing but the time ends the asking. */
  readonly patient: boolean;
};

/** The fold of all answers of one balancer. */
export type ThroughSeen = {
  readonly asked: number;
  readonly proofs: number;
  /** An answer below 500 came: traffic is served there. */
  readonly serves: boolean;
  /** What the other answers were, and how often. */
  readonly tally: ReadonlyMap<string, number>;
  readonly settled: 'served' | { readonly why: string } | undefined;
};

export const NOTHING_SEEN: ThroughSeen = {
  asked: 0,
  proofs: 0,
  serves: false,
  tally: new Map(),
  settled: undefined,
};

type Answer =
  | { readonly kind: 'proof' }
  /** Says nothing, or nothing good, of this instance. */
  | { readonly kind: 'other'; readonly what: string }
  /** No new release answers like that. */
  | { readonly kind: 'wrong'; readonly what: string }
  /** 5xx of nobody who could be told. */
  | { readonly kind: 'error'; readonly what: string };

export function observeThrough(
  seen: ThroughSeen,
  raw: RawHttp,
  through: Through,
  wanted: ThroughWanted,
): ThroughSeen {
  if (seen.settled !== undefined) return seen;
  const answer = judgeAnswer(raw, through, wanted);
  const proofs = seen.proofs + (answer.kind === 'proof' ? 1 : 0);
  const next: ThroughSeen = {
    ...seen,
    asked: seen.asked + 1,
    proofs,
    serves: seen.serves || (raw.status > 0 && raw.status < 500),
    tally: answer.kind === 'proof' ? seen.tally : counted(seen.tally, answer.what),
    settled: proofs >= through.times ? 'served' : undefined,
  };
  const ends =
    answer.kind === 'wrong' || (answer.kind === 'error' && (wanted.up || seen.serves)) ? answer.what : '';
  return ends === '' || wanted.patient ? next : { ...next, settled: { why: ends } };
}

/** What to say when the time is over: `asked 40 times: reached edge-02-1 (38), connection refused (2)`. */
export function explainThrough(seen: ThroughSeen): string {
  if (seen.asked === 0) return 'no answer at all';
  const most = [...seen.tally].sort(([, a], [, b]) => b - a).slice(0, 3);
  const proofs = seen.proofs === 0 ? [] : [`good (${seen.proofs})`];
  const said = [...proofs, ...most.map(([what, times]) => `${what} (${times})`)];
  return `asked ${seen.asked} times: ${said.join(', ')}`;
}

function judgeAnswer(raw: RawHttp, through: Through, wanted: ThroughWanted): Answer {
  if (raw.status === 0) return { kind: 'other', what: raw.error || 'no answer' };
  const who = tells(through.instance.in, raw);
  const failed = raw.status >= 500;
  if (who === undefined) {
    if (failed) return { kind: 'error', what: `answered ${raw.status}` };
    return {
      kind: 'other',
      what: `answered ${raw.status} without the instance in ${placeName(through.instance.in)}`,
    };
  }
  // How another instance is says nothing of this one.
  if (who !== through.instance.is) return { kind: 'other', what: `reached ${who}` };
  if (failed) return { kind: 'wrong', what: `answered ${raw.status}` };
  return judgeOwn(raw, through, wanted);
}

function judgeOwn(raw: RawHttp, through: Through, wanted: ThroughWanted): Answer {
  const release = tells(through.release, raw);
  if (release === undefined)
    return {
      kind: 'other',
      what: `answered ${raw.status} without the release in ${placeName(through.release)}`,
    };
  if (!isNamed(release, wanted.release)) {
    const what = `answered as release ${release}, not ${wanted.release.label}`;
    return { kind: isNamed(release, wanted.before) ? 'other' : 'wrong', what };
  }
  const pid = through.pid === undefined ? undefined : tells(through.pid, raw);
  if (through.pid !== undefined && wanted.pid > 0 && pid !== String(wanted.pid))
    return { kind: 'other', what: `answered as pid ${pid ?? '(absent)'}, not ${wanted.pid}` };
  if (!through.status.includes(raw.status)) return { kind: 'other', what: `answered ${raw.status}` };
  return { kind: 'proof' };
}

function counted(tally: ReadonlyMap<string, number>, what: string): ReadonlyMap<string, number> {
  return new Map(tally).set(what, (tally.get(what) ?? 0) + 1);
}
