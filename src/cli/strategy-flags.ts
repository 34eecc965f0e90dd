import { type Problem, UsageError } from '../errors.ts';
import { type Amount, parseAmount, type Strategy } from '../model/strategy.ts';
import { mergeStrategy, strategyProblems } from '../plan/strategy.ts';
import { parseDuration } from '../util/duration.ts';

type Flags = { readonly [name: string]: unknown };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The part of a strategy that was given by flags. @throws UsageError with every wrong flag */
export function strategyFlags(args: Flags): Partial<Strategy> {
  const problems: Problem[] = [];
  const result: Mutable<Partial<Strategy>> = {};
  const text = (name: string): string | undefined =>
    typeof args[name] === 'string' && args[name] !== '' ? args[name] : undefined;
  const wrong = (name: string, value: string, want: string): void => {
    problems.push({ code: 'PD2210', message: `--${name} ${value}: expected ${want}` });
  };
  const duration = (
    name: string,
    key: 'minHealthyMs' | 'healthyDeadlineMs' | 'progressDeadlineMs' | 'pauseBetweenWavesMs',
  ): void => {
    const value = text(name);
    if (value === undefined) return;
    const ms = parseDuration(/^\d+$/.test(value) ? Number(value) : value);
    if (ms === undefined) wrong(name, value, 'a duration such as 10s, 2m or 500ms');
    else result[key] = ms;
  };
  const count = (name: string, key: 'canary' | 'maxFailures'): void => {
    const value = text(name);
    if (value === undefined) return;
    if (/^\d{1,6}$/.test(value)) result[key] = Number(value);
    else wrong(name, value, 'a whole number');
  };
  duration('min-healthy-time', 'minHealthyMs');
  duration('healthy-deadline', 'healthyDeadlineMs');
  duration('progress-deadline', 'progressDeadlineMs');
  duration('pause-between-waves', 'pauseBetweenWavesMs');
  count('canary', 'canary');
  count('max-failures', 'maxFailures');
  const wave = text('wave');
  if (wave !== undefined) {
    const amounts = wave.split(',').map((part) => parseAmount(part));
    if (amounts.every((a): a is Amount => a !== undefined)) result.waves = amounts;
    else wrong('wave', wave, 'sizes such as 1, 25% or 1,5,20%');
  }
  const promote = text('promote');
  if (promote === 'auto' || promote === 'manual') result.promote = promote;
  const rollback = text('rollback');
  if (rollback === 'instance' || rollback === 'wave' || rollback === 'deployment' || rollback === 'none')
    result.rollback = rollback;
  const unreachable = text('on-unreachable');
  if (unreachable === 'fail' || unreachable === 'skip' || unreachable === 'defer')
    result.onUnreachable = unreachable;
  if (problems.length > 0) throw new UsageError(problems);
  return result;
}

/** @throws UsageError PD2130 when the playbook's strategy and the flags make no sense together */
export function checkStrategy(playbook: Partial<Strategy>, flags: Partial<Strategy>): void {
  const problems = strategyProblems(mergeStrategy(playbook, flags));
  if (problems.length > 0) throw new UsageError(problems);
}
