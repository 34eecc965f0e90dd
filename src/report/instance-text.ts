import type { Sample } from '../model/health.ts';
import { assertNever } from '../util/assert-never.ts';
import { groupNames } from '../util/group-names.ts';
import { type Span, tone } from './style.ts';
import type { InstanceView, View } from './view.ts';
import { backOn, seconds, shortRelease } from './words.ts';

/** What one instance is doing, and what is known beside it. */
export type Told = { readonly what: Span; readonly detail: string };

export function tellInstance(instance: InstanceView, view: View): Told {
  switch (instance.phase) {
    case 'waiting':
      return { what: tone('waiting', 'dim'), detail: '' };
    case 'switching':
      if (instance.draining !== undefined) return { what: 'draining', detail: groupNames(instance.draining) };
      return { what: `switching to ${shortRelease(view.to)}`, detail: '' };
    case 'rechecking':
      return { what: 'asking its host', detail: 'it was in flight when the controller ended' };
    case 'trial':
      return { what: windowText(instance), detail: sampleText(instance.sample, shortRelease(view.to)) };
    case 'healthy':
    case 'committed':
      return {
        what: instance.healthyMs === undefined ? 'healthy' : `healthy in ${seconds(instance.healthyMs)}`,
        detail: '',
      };
    case 'failed':
      return { what: tone(failureText(instance), 'bad'), detail: '' };
    case 'reverting':
      return {
        what: view.from === '' ? 'being removed' : `back to ${shortRelease(view.from)}`,
        detail: sampleText(instance.sample, shortRelease(view.from)),
      };
    case 'reverted':
      return {
        what: `${backOn(view.from)}${view.from === '' ? '' : ', healthy'}${instance.revertedMs === undefined ? '' : ` in ${seconds(instance.revertedMs)}`}`,
        detail: '',
      };
    case 'revert-failed':
      return { what: tone(`NOT back: ${instance.revertFailure?.message ?? ''}`, 'bad'), detail: '' };
    default:
      return assertNever(instance.phase);
  }
}

/** In hand right now, so that it has a line of its own. Those on their way back are shown with the rollback. */
export function isActive(instance: InstanceView): boolean {
  return ['switching', 'trial', 'rechecking'].includes(instance.phase);
}

export function hasFailed(instance: InstanceView): boolean {
  return instance.phase === 'failed' || instance.phase === 'revert-failed';
}

function failureText(instance: InstanceView): string {
  const message = instance.failure?.message ?? 'failed';
  return instance.unreachable ? `unreachable: ${message}` : message;
}

function windowText(instance: InstanceView): string {
  if (instance.sample?.ok === false) return 'not healthy yet';
  if (instance.needMs === 0) return 'started, not looked at';
  const passed = Math.min(instance.healthyForMs, instance.needMs);
  return `health ${Math.floor(passed / 1_000)} of ${Math.ceil(instance.needMs / 1_000)} s`;
}

function sampleText(sample: Sample | undefined, release: string): string {
  if (sample === undefined) return '';
  const process = `pid ${sample.pid}, ${sample.restarts} ${sample.restarts === 1 ? 'restart' : 'restarts'}`;
  if (!sample.proof.ok) return `${sample.proof.why}; ${process}`;
  const bad = sample.checks.find((check) => !check.ok);
  if (bad !== undefined) return `${bad.name} ${bad.detail}; ${process}`;
  const [first] = sample.checks;
  const probe = first === undefined ? '' : `${probeText(first.name, first.detail)} `;
  return `${probe}release ${release}, ${process}`;
}

/** `http 200` where the probe says `GET http://127.0.0.1:6188/readyz` `answered 200`. */
function probeText(name: string, detail: string): string {
  const answered = /^answered (\d+)/.exec(detail);
  if (name.startsWith('GET ') && answered?.[1] !== undefined) return `http ${answered[1]}`;
  return detail === '' ? name : `${name} ${detail}`;
}
