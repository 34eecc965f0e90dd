import { hasFailed, isActive, tellInstance } from './instance-text.ts';
import { type Layout, nameColumn, type Row, row } from './layout.ts';
import type { Glyph } from './style.ts';
import { type InstanceView, NEW_INSTANCE, type View, type WaveView } from './view.ts';
import { count } from './words.ts';

/** More finished waves than this collapse to a count, of which the last few stay on the screen. */
const DONE_MOST = 8;
const DONE_KEPT = 3;

/** Every wave that runs or has failed, the last finished ones, and a count of the others; at most `most` lines. */
export function waveRows(view: View, options: Layout, most: number): readonly Row[] {
  const waves = [...view.waves.values()].sort((a, b) => a.number - b.number);
  const open = waves.filter((wave) => wave.phase === 'running' || failures(wave, view).length > 0);
  const done = waves.filter((wave) => wave.phase === 'done' && !open.includes(wave));
  const later = waves.filter((wave) => wave.phase === 'waiting' && !open.includes(wave));
  const width = nameColumn([...done.slice(-DONE_MOST), ...open].map((wave) => wave.instances[0] ?? ''));
  const laterRows = later.length === 0 ? [] : [laterRow(later, view, options)];
  const doneLeast = done.length === 0 ? 0 : 1;
  const openRows = openWaveRows(open, view, options, width, Math.max(1, most - laterRows.length - doneLeast));
  const room = most - openRows.length - laterRows.length;
  return [...doneRows(done, view, options, width, room), ...openRows, ...laterRows].slice(
    0,
    Math.max(0, most),
  );
}

function doneRows(
  done: readonly WaveView[],
  view: View,
  options: Layout,
  width: number,
  room: number,
): readonly Row[] {
  if (done.length === 0 || room < 1) return [];
  if (done.length <= Math.min(room, DONE_MOST)) {
    return done.map((wave) => waveRow(wave, view, options, width));
  }
  const kept = Math.min(DONE_KEPT, room - 1);
  const counted = done.slice(0, done.length - kept);
  const instances = counted.flatMap((wave) => instancesOf(wave, view));
  const glyph = instances.every(isNew) ? 'done' : 'waiting';
  const first = row(
    {
      glyph,
      label: range('waves', counted),
      name: count(instances.length, 'instance'),
      what: glyph === 'done' ? 'healthy' : 'were healthy',
    },
    options,
    width,
  );
  return [first, ...done.slice(done.length - kept).map((wave) => waveRow(wave, view, options, width))];
}

function openWaveRows(
  open: readonly WaveView[],
  view: View,
  options: Layout,
  width: number,
  most: number,
): readonly Row[] {
  const blocks = open.map((wave) => [
    waveRow(wave, view, options, width),
    ...memberRows(wave, view, options, width),
  ]);
  const all = blocks.flat();
  if (all.length <= most) return all;
  const failed = open.flatMap((wave) => failures(wave, view).map((instance) => [wave, instance] as const));
  const active = open.flatMap((wave) =>
    instancesOf(wave, view)
      .filter(isActive)
      .map((instance) => [wave, instance] as const),
  );
  const lines = [...failed, ...active];
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0 && only.instances.length > 1 && most > 3) {
    const members = lines.map(([, instance]) => memberRow(undefined, instance, view, options, width));
    const left = lines.length - (most - 2);
    const more = row({ label: '', name: `and ${left} more in hand` }, options);
    return [waveRow(only, view, options, width), ...members.slice(0, most - 2), more];
  }
  if (lines.length <= most)
    return lines.map(([wave, instance]) => memberRow(wave, instance, view, options, width));
  const shown = lines
    .slice(0, most - 1)
    .map(([wave, instance]) => memberRow(wave, instance, view, options, width));
  const hiddenFailed = Math.max(0, failed.length - shown.length);
  const hidden = lines.length - shown.length;
  const more =
    hiddenFailed > 0
      ? `and ${hiddenFailed} more failed, ${hidden - hiddenFailed} in hand`
      : `and ${hidden} more in hand`;
  return [...shown, row({ label: '', name: more }, options)];
}

/** The instances of a wave of several that run or have failed; a wave of one needs no second line. */
function memberRows(wave: WaveView, view: View, options: Layout, width: number): readonly Row[] {
  if (wave.instances.length <= 1) return [];
  return instancesOf(wave, view)
    .filter((instance) => hasFailed(instance) || isActive(instance))
    .map((instance) => memberRow(undefined, instance, view, options, width));
}

function memberRow(
  wave: WaveView | undefined,
  instance: InstanceView,
  view: View,
  options: Layout,
  width: number,
): Row {
  const { what, detail } = tellInstance(instance, view);
  const glyph = hasFailed(instance) ? 'failed' : 'running';
  return row(
    { glyph, label: wave === undefined ? '' : `wave ${wave.number}`, name: instance.id, what, detail },
    options,
    width,
  );
}

function waveRow(wave: WaveView, view: View, options: Layout, width: number): Row {
  const instances = instancesOf(wave, view);
  const label = `wave ${wave.number}`;
  const glyph = waveGlyph(wave, instances);
  const [only] = instances;
  if (instances.length === 1 && only !== undefined) {
    const told = tellInstance(only, view);
    const detail = wave.canary && told.detail === '' ? 'canary' : told.detail;
    return row({ glyph, label, name: only.id, what: told.what, detail }, options, width);
  }
  const failed = instances.filter(hasFailed).length;
  const fresh = instances.filter(isNew).length;
  const back = instances.filter((instance) => instance.phase === 'reverted').length;
  const parts = [
    `${fresh} of ${instances.length} healthy`,
    ...(back > 0 ? [`${back} taken back`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const cells = { glyph, label, name: count(instances.length, 'instance'), what: parts.join(', ') };
  return row(wave.canary ? { ...cells, detail: 'canary' } : cells, options, width);
}

function waveGlyph(wave: WaveView, instances: readonly InstanceView[]): Glyph {
  if (instances.some(hasFailed)) return 'failed';
  if (wave.phase === 'done') return instances.every(isNew) ? 'done' : 'waiting';
  return instances.some((instance) => instance.phase === 'reverted') ? 'waiting' : 'running';
}

function laterRow(later: readonly WaveView[], view: View, options: Layout): Row {
  const instances = later.reduce((sum, wave) => sum + wave.instances.length, 0);
  const many = instances === later.length ? '' : count(instances, 'instance');
  const name = view.finished === undefined ? many : 'not started';
  return row({ glyph: 'waiting', label: range('waves', later), name }, options);
}

function range(word: string, waves: readonly WaveView[]): string {
  const first = waves[0]?.number ?? 0;
  const last = waves.at(-1)?.number ?? first;
  return first === last ? `wave ${first}` : `${word} ${first}-${last}`;
}

function failures(wave: WaveView, view: View): readonly InstanceView[] {
  return instancesOf(wave, view).filter(hasFailed);
}

/** Here an instance that failed stays failed, also when it was taken back; that is told with the rollback. */
function instancesOf(wave: WaveView, view: View): readonly InstanceView[] {
  return wave.instances.map((id): InstanceView => {
    const instance = view.instances.get(id) ?? { ...NEW_INSTANCE, id };
    return instance.failure === undefined ? instance : { ...instance, phase: 'failed' };
  });
}

function isNew(instance: InstanceView): boolean {
  return instance.phase === 'healthy' || instance.phase === 'committed';
}
