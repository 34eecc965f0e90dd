import { Random } from '../random.ts';

/** Releases by what is different about them: `c` has another unit, `bad` ends at once. */
export const RELEASES = ['a', 'b', 'c', 'bad'] as const;
export type ReleaseName = (typeof RELEASES)[number];

/** One request, or something that happens to the host. */
export type Step =
  | {
      readonly kind: 'lease';
      readonly by: string;
      readonly action: 'acquire' | 'renew' | 'release' | 'takeover';
    }
  | { readonly kind: 'prepare'; readonly by: string; readonly release: ReleaseName }
  /** `from` is what the host is on, but for `lying`. */
  | {
      readonly kind: 'activate';
      readonly by: string;
      readonly op: string;
      readonly release: ReleaseName;
      readonly lying?: true;
    }
  | { readonly kind: 'commit' | 'rollback'; readonly by: string; readonly op: string }
  | { readonly kind: 'status'; readonly op: string }
  | { readonly kind: 'undo' | 'settle'; readonly by: string }
  | { readonly kind: 'finish'; readonly by: string; readonly proven?: ReleaseName }
  | { readonly kind: 'guard'; readonly op: string }
  /** Forgets that a commit was carried out, as where its process was killed before it could say so. */
  | { readonly kind: 'half'; readonly op: string }
  | { readonly kind: 'power' };

const ann = { by: 'ann' } as const;
const bob = { by: 'bob' } as const;
const begin: readonly Step[] = [{ kind: 'lease', ...ann, action: 'acquire' }];
const install: readonly Step[] = [
  ...begin,
  { kind: 'prepare', ...ann, release: 'a' },
  { kind: 'activate', ...ann, op: 'ann-1', release: 'a' },
  { kind: 'commit', ...ann, op: 'ann-1' },
];
const end: readonly Step[] = [{ kind: 'finish', ...ann, proven: 'a' }];

/** Each shows one promise of docs/host-protocol.md. */
export const CHOSEN: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: 'every request is asked twice',
    steps: [...install, ...end].flatMap((step) => [step, step]),
  },
  {
    name: 'a first install is taken back, before and after its commit',
    steps: [
      ...install.slice(0, 3),
      { kind: 'rollback', ...ann, op: 'ann-1' },
      { kind: 'prepare', ...ann, release: 'a' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'a' },
      { kind: 'commit', ...ann, op: 'ann-2' },
      { kind: 'rollback', ...ann, op: 'ann-2' },
      { kind: 'rollback', ...ann, op: 'ann-2' },
      { kind: 'status', op: 'ann-2' },
      { kind: 'undo', ...ann },
      ...end.slice(0, 0),
      { kind: 'finish', ...ann },
    ],
  },
  {
    name: 'a release with another unit is tried, taken back, tried again and committed',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'c' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'c' },
      { kind: 'rollback', ...ann, op: 'ann-2' },
      { kind: 'activate', ...ann, op: 'ann-3', release: 'c' },
      { kind: 'commit', ...ann, op: 'ann-3' },
      { kind: 'finish', ...ann, proven: 'c' },
    ],
  },
  {
    name: 'the guard is first, and nobody can commit any more',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'b' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'b' },
      { kind: 'guard', op: 'ann-2' },
      { kind: 'commit', ...ann, op: 'ann-2' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'b' },
      { kind: 'rollback', ...ann, op: 'ann-2' },
      { kind: 'status', op: 'ann-2' },
      ...end,
    ],
  },
  {
    name: 'a rollback that comes before its trial keeps it from beginning',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'b' },
      { kind: 'rollback', ...ann, op: 'ann-2' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'b' },
      { kind: 'status', op: 'ann-2' },
      { kind: 'status', op: 'ann-3' },
      ...end,
    ],
  },
  {
    name: 'a second operator takes over, and the first is refused everywhere',
    steps: [
      ...install,
      { kind: 'lease', ...bob, action: 'acquire' },
      { kind: 'lease', ...bob, action: 'takeover' },
      { kind: 'prepare', ...ann, release: 'b' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'a' },
      { kind: 'commit', ...ann, op: 'ann-1' },
      { kind: 'rollback', ...ann, op: 'ann-1' },
      { kind: 'lease', ...ann, action: 'renew' },
      { kind: 'finish', ...ann },
      { kind: 'settle', ...ann },
      { kind: 'finish', ...bob },
    ],
  },
  {
    name: 'a trial of somebody who is gone is ended by whoever settles',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'c' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'c' },
      { kind: 'lease', ...bob, action: 'takeover' },
      { kind: 'settle', ...bob },
      { kind: 'settle', ...bob },
    ],
  },
  {
    name: 'a commit whose process died is carried out before the next trial',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'c' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'c' },
      { kind: 'commit', ...ann, op: 'ann-2' },
      { kind: 'half', op: 'ann-2' },
      { kind: 'prepare', ...ann, release: 'b' },
      { kind: 'activate', ...ann, op: 'ann-3', release: 'b' },
      { kind: 'commit', ...ann, op: 'ann-3' },
      { kind: 'finish', ...ann, proven: 'b' },
    ],
  },
  {
    name: 'a first install whose commit died is taken back all the same',
    steps: [
      ...install,
      { kind: 'half', op: 'ann-1' },
      { kind: 'rollback', ...ann, op: 'ann-1' },
      { kind: 'finish', ...ann },
    ],
  },
  {
    name: 'a power cut in a trial leads back, and one after a commit forward',
    steps: [
      ...install,
      { kind: 'prepare', ...ann, release: 'c' },
      { kind: 'activate', ...ann, op: 'ann-2', release: 'c' },
      { kind: 'power' },
      { kind: 'status', op: 'ann-2' },
      { kind: 'lease', ...bob, action: 'acquire' },
      { kind: 'activate', ...bob, op: 'bob-1', release: 'c' },
      { kind: 'commit', ...bob, op: 'bob-1' },
      { kind: 'half', op: 'bob-1' },
      { kind: 'power' },
      { kind: 'status', op: 'bob-1' },
    ],
  },
];

/** A sequence of anything, from a seed. */
export function randomSteps(seed: number, length: number): readonly Step[] {
  const random = new Random(seed);
  const steps: Step[] = [{ kind: 'lease', ...ann, action: 'acquire' }];
  while (steps.length < length) {
    const by = random.pick(['ann', 'ann', 'ann', 'bob']);
    const op = `${by}-${random.between(1, 3)}`;
    const release = random.pick(RELEASES);
    const kind = random.pick([
      'lease',
      'prepare',
      'prepare',
      'activate',
      'activate',
      'activate',
      'commit',
      'commit',
      'rollback',
      'status',
      'undo',
      'settle',
      'finish',
      'guard',
      'half',
    ] as const);
    if (kind === 'lease')
      steps.push({
        kind,
        by,
        action: random.pick(['acquire', 'acquire', 'renew', 'release', 'takeover'] as const),
      });
    else if (kind === 'prepare') steps.push({ kind, by, release });
    else if (kind === 'activate')
      steps.push({ kind, by, op, release, ...(random.chance(0.1) ? { lying: true } : {}) });
    else if (kind === 'finish') steps.push({ kind, by, ...(random.chance(0.5) ? { proven: release } : {}) });
    else if (kind === 'undo' || kind === 'settle') steps.push({ kind, by });
    else if (kind === 'commit' || kind === 'rollback') steps.push({ kind, by, op });
    else steps.push({ kind, op });
  }
  return steps;
}
