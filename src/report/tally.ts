import type { View } from './view.ts';

/** How many instances are in which state, as far as the events tell. */
export type Tally = {
  readonly total: number;
  readonly healthy: number;
  readonly old: number;
  readonly current: number;
  readonly failed: number;
  readonly untouched: number;
};

export function tally(view: View): Tally {
  let [current, failed, moving, touched, broken] = [0, 0, 0, 0, 0];
  for (const instance of view.instances.values()) {
    if (instance.touched) touched += 1;
    switch (instance.phase) {
      case 'healthy':
      case 'committed':
        current += 1;
        break;
      case 'failed':
      case 'revert-failed':
        if (!instance.restored) failed += 1;
        break;
      case 'reverting':
        if (instance.failure === undefined) moving += 1;
        else failed += 1;
        break;
      case 'switching':
      case 'trial':
      case 'rechecking':
        moving += 1;
        break;
      case 'reverted':
        break;
      case 'waiting':
        if (view.already.has(instance.id)) current += 1;
        if (view.broken.has(instance.id)) broken += 1;
        break;
    }
  }
  const total = Math.max(view.totalInstances, view.instances.size);
  return {
    total,
    healthy: total - failed - moving - broken,
    old: total - current - failed - moving,
    current,
    failed,
    untouched: total - touched,
  };
}

/** The next wave waits for somebody to let it go on. */
export function waitsForPromotion(view: View): boolean {
  if (!view.manualPromotion || view.promoted || view.finished !== undefined || view.rollback !== undefined)
    return false;
  const waves = [...view.waves.values()];
  const canaries = waves.filter((wave) => wave.canary);
  return (
    canaries.length > 0 &&
    canaries.every((wave) => wave.phase === 'done') &&
    waves.every((wave) => wave.phase !== 'running') &&
    waves.some((wave) => wave.phase === 'waiting')
  );
}

/** Milliseconds until the last wave should have ended; undefined when nobody can tell. */
export function timeLeft(view: View, now: number): number | undefined {
  if (view.finished !== undefined || view.rollback !== undefined || view.pausedBy !== undefined)
    return undefined;
  const waves = [...view.waves.values()];
  const done = waves.filter((wave) => wave.phase === 'done' && wave.ms !== undefined);
  const mean = done.length > 0 ? done.reduce((sum, wave) => sum + (wave.ms ?? 0), 0) / done.length : 0;
  const each = Math.max(mean, done.length === 0 ? view.expectedWaveMs : 0);
  const waiting = waves.filter((wave) => wave.phase === 'waiting').length;
  const running = waves.find((wave) => wave.phase === 'running');
  if (each === 0 || (waiting === 0 && running === undefined)) return undefined;
  const spent = running === undefined ? 0 : Math.max(0, now - view.startedAt - running.startedT);
  return waiting * each + (running === undefined ? 0 : Math.max(0, each - spent));
}
