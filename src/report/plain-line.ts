import type { Event } from '../model/event.ts';
import { assertNever } from '../util/assert-never.ts';
import { formatDuration } from '../util/duration.ts';
import { groupNames } from '../util/group-names.ts';
import { tellInstance } from './instance-text.ts';
import { line, type Tone, textOf, tone } from './style.ts';
import { tally } from './tally.ts';
import type { View } from './view.ts';
import { pad } from './width.ts';
import { count, names, shortRelease, size } from './words.ts';

/** Stands where a host or an instance would when the event is about all of them. */
const FLEET = 'fleet';
const VERB = 12;
const WHO_LEAST = 11;

export type Said = {
  readonly who: string;
  readonly verb: string;
  readonly text: string;
  readonly tone?: Tone;
};

/** `23:01:04 edge-03    prepare     ok 4.1s` */
export function formatLine(
  at: string,
  said: Said,
  form: { readonly who: number; readonly time: (at: string) => string; readonly color: boolean },
): string {
  const text = said.tone === undefined ? said.text : tone(said.text, said.tone);
  const spans = [tone(form.time(at), 'dim'), ' ', pad(said.who, form.who), pad(said.verb, VERB), text];
  return line(spans, { color: form.color, unicode: false });
}

/** Column of the names: wide enough for those of the plan, so that lines stay aligned. */
export function whoColumn(view: View): number {
  let width = WHO_LEAST;
  for (const id of view.instances.keys()) width = Math.max(width, id.length + 2);
  return Math.min(width, 40);
}

/** What a log should say while nothing happens. */
export function heartbeat(view: View): Said {
  const { healthy, total, old, current, failed } = tally(view);
  const active = [...view.instances.values()].filter((i) =>
    ['switching', 'trial', 'reverting'].includes(i.phase),
  );
  const preparing = [...view.hosts.values()]
    .filter((host) => host.phase === 'running')
    .map((host) => host.host);
  const [first] = active;
  const doing =
    first !== undefined
      ? `${first.id} ${textOf(tellInstance(first, view).what)}${active.length > 1 ? ` and ${active.length - 1} more` : ''}`
      : view.pausedBy !== undefined
        ? `paused by ${view.pausedBy}`
        : preparing.length > 0
          ? `preparing ${names(preparing)}`
          : 'nothing in hand';
  return {
    who: FLEET,
    verb: 'waiting',
    text: `${doing}; healthy ${healthy} of ${total}, old ${old}, new ${current}, failed ${failed}`,
  };
}

/** The line of one event; undefined for one that adds nothing to a log. `before`: the view without the event. */
export function sayEvent(before: View, event: Event): Said | undefined {
  switch (event.type) {
    case 'deployment.started':
      return fleet(
        'started',
        `${event.deployment} ${event.service} ${shortRelease(event.from)} -> ${shortRelease(event.to)} on ${event.inventory}, ${count(event.hosts, 'host')}, ${count(event.instances, 'instance')}, by ${event.actor}`,
      );
    case 'lease.acquired':
      return { who: event.host, verb: 'lease', text: `ok epoch ${event.epoch}` };
    case 'lease.lost':
      return {
        who: event.host,
        verb: 'lease',
        text: event.holder === '' ? 'LOST' : `LOST to ${event.holder}`,
        tone: 'bad',
      };
    case 'prepare.started':
      return undefined;
    case 'prepare.finished': {
      const sent = event.bytesSent > 0 ? `, ${size(event.bytesSent)} sent` : '';
      const changed = event.changes.length > 0 ? `, changed ${names(event.changes)}` : '';
      return { who: event.host, verb: 'prepare', text: `ok ${formatDuration(event.ms)}${sent}${changed}` };
    }
    case 'prepare.failed':
      return {
        who: event.host,
        verb: 'prepare',
        text: `FAILED ${event.failure.code}${event.unreachable ? ' unreachable' : ''}: ${event.failure.message}`,
        tone: 'bad',
      };
    case 'host.skipped':
      return { who: event.host, verb: 'skipped', text: event.why };
    case 'host.deferred':
      return { who: event.host, verb: 'deferred', text: event.why };
    case 'prepare.completed':
      return fleet('prepare', 'ok on all hosts, nothing was disturbed');
    case 'wave.started':
      return fleet('wave', `${event.wave}${event.canary ? ' (canary)' : ''}: ${names(event.instances)}`);
    case 'wave.finished':
      return fleet('wave', `${event.wave} done ${formatDuration(event.ms)}`);
    case 'update.started':
      return undefined;
    case 'drain.started':
      return undefined;
    case 'drain.finished': {
      const left = event.left === undefined || event.left === 0 ? '' : `, ${event.left} still in flight`;
      return {
        who: event.instance,
        verb: 'drain',
        text: `ok ${groupNames(event.through)} ${formatDuration(event.ms)}${left}`,
      };
    }
    case 'drain.failed':
    case 'undrain.failed':
    case 'traffic.failed':
      return {
        who: event.instance,
        verb: event.type.split('.')[0] ?? '',
        text: `FAILED ${event.failure.code}: ${event.failure.message}`,
        tone: 'bad',
      };
    case 'undrain.finished':
      return {
        who: event.instance,
        verb: 'undrain',
        text: `ok ${groupNames(event.through)} ${formatDuration(event.ms)}`,
      };
    case 'traffic.seen': {
      const requests = `${event.asked} ${event.asked === 1 ? 'request' : 'requests'}`;
      return {
        who: event.instance,
        verb: 'traffic',
        text: `ok through ${event.through.join(', ')} ${formatDuration(event.ms)}, ${requests}`,
      };
    }
    case 'update.switched':
      return {
        who: event.instance,
        verb: 'switch',
        text: `ok ${formatDuration(event.ms)} pid ${event.pid} release ${shortRelease(before.to)}`,
      };
    case 'health.probed':
      return sayProbe(before, event);
    case 'instance.healthy':
      return {
        who: event.instance,
        verb: 'healthy',
        text: `${formatDuration(event.ms)}, ${count(event.probes, 'probe')}`,
      };
    case 'instance.committed':
      return { who: event.instance, verb: 'commit', text: 'ok' };
    case 'instance.failed':
      return {
        who: event.instance,
        verb: 'FAILED',
        text: `${event.failure.code}${event.unreachable ? ' unreachable' : ''}: ${event.failure.message}${event.restored ? '; the host has gone back by itself' : ''}`,
        tone: 'bad',
      };
    case 'recheck.started':
      return { who: event.instance, verb: 'recheck', text: 'was in flight, asking its host' };
    case 'update.reset':
      return { who: event.instance, verb: 'recheck', text: `not begun: ${event.why}` };
    case 'revert.started':
      return { who: event.instance, verb: 'revert', text: `to ${shortRelease(before.from)}` };
    case 'instance.reverted':
      return {
        who: event.instance,
        verb: 'reverted',
        text: `ok ${formatDuration(event.ms)} release ${shortRelease(before.from)}`,
      };
    case 'revert.failed':
      return {
        who: event.instance,
        verb: 'revert',
        text: `FAILED ${event.failure.code}: ${event.failure.message}${event.fix.length > 0 ? `; fix: ${event.fix.join('; ')}` : ''}`,
        tone: 'bad',
      };
    case 'rollback.started':
      return fleet(
        'rollback',
        `${count(event.instances.length, 'instance')} (${event.scope}): ${event.cause}`,
      );
    case 'deployment.paused':
      return fleet('paused', `by ${event.by}`);
    case 'deployment.continued':
      return fleet('continued', `by ${event.by}`);
    case 'deployment.promoted':
      return fleet('promoted', `by ${event.by}`);
    case 'deployment.aborted':
      return fleet('aborted', `by ${event.by}`);
    case 'deployment.stopping':
      return fleet('stopping', `after the instances in hand, by ${event.by}`);
    case 'deployment.resumed':
      return fleet('resumed', `by ${event.actor}`);
    case 'hook.finished': {
      const output = event.output.trim() === '' ? '' : `: ${event.output.trim()}`;
      return fleet(
        `hook`,
        `${event.hook} ${event.ok ? 'ok' : 'FAILED'} ${formatDuration(event.ms)}${output}`,
      );
    }
    case 'note':
      return {
        who: event.host ?? FLEET,
        verb: event.level === 'warn' ? 'WARNING' : 'note',
        text: event.text,
      };
    case 'deployment.finished': {
      const { counts } = event;
      const cause = event.cause === '' ? '' : `: ${event.cause}`;
      return fleet(
        'finished',
        `${event.outcome} ${formatDuration(event.ms)}, healthy ${counts.healthy} of ${counts.total}, old ${counts.old}, new ${counts.current}, failed ${counts.failed}${cause}`,
      );
    }
    default:
      return assertNever(event);
  }
}

/** Only what changes: the first probe that fails, another reason, and that it is well again. */
function sayProbe(before: View, event: Extract<Event, { type: 'health.probed' }>): Said | undefined {
  const last = before.instances.get(event.instance)?.sample;
  const now = reason(event.sample);
  if (now === (last === undefined ? '' : reason(last))) return undefined;
  return { who: event.instance, verb: 'probe', text: now === '' ? 'ok' : `not healthy: ${now}` };
}

function reason(sample: Extract<Event, { type: 'health.probed' }>['sample']): string {
  if (sample.ok) return '';
  if (!sample.proof.ok) return sample.proof.why;
  const bad = sample.checks.find((check) => !check.ok);
  return bad === undefined ? 'a check failed' : `${bad.name} ${bad.detail}`;
}

function fleet(verb: string, text: string): Said {
  return { who: FLEET, verb, text };
}
