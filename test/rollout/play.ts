import type { Event, EventBody } from '../../src/model/event.ts';
import type { Wave } from '../../src/model/plan.ts';
import type { RolloutHost, RolloutInput, RolloutInstance } from '../../src/model/rollout.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../../src/model/strategy.ts';
import type { Action } from '../../src/rollout/action.ts';
import { decide } from '../../src/rollout/decide.ts';
import { start } from '../../src/rollout/start.ts';
import type { DeploymentState } from '../../src/rollout/state.ts';
import { transition } from '../../src/rollout/transition.ts';

/** How an operation ends that is not to go well; by host for `prepare`, by instance for the others. */
export type Script = {
  readonly prepare?: { readonly [host: string]: readonly ('ok' | 'broken' | 'unreachable')[] };
  readonly update?: { readonly [instance: string]: 'restored' | 'lost' };
  readonly revert?: { readonly [instance: string]: 'fails' };
  readonly recheck?: { readonly [instance: string]: 'committed' | 'restored' | 'never' };
  /** What somebody does at a time, seconds. */
  readonly at?: { readonly [second: string]: EventBody };
  /** The controller dies at this second and is back five seconds later. */
  readonly crashAt?: number;
  readonly exclude?: RegExp;
};

export type Played = {
  /** `12 web-1@1 committed`: seconds, then what happened. */
  readonly trace: readonly string[];
  readonly state: DeploymentState;
  readonly events: readonly Event[];
  /** The wait that was decided last at each time something was waited for, `12 pause`. */
  readonly waits: readonly string[];
};

/** Three hosts with one instance each, updated one at a time, unless told otherwise. */
export function fleet(
  change: {
    readonly strategy?: Partial<Strategy>;
    readonly hosts?: readonly RolloutHost[];
    readonly instances?: readonly (Partial<RolloutInstance> & { readonly id: string })[];
    /** `canary: a@1` or `a@1 b@1` */
    readonly waves?: readonly string[];
  } = {},
): RolloutInput {
  const ids = change.instances ?? ['a@1', 'b@1', 'c@1'].map((id) => ({ id }));
  const instances = ids.map(
    (i): RolloutInstance => ({
      host: i.id.split('@')[0] ?? '',
      from: 'old',
      to: 'new',
      action: 'restart',
      broken: false,
      ...i,
    }),
  );
  const names = [...new Set(instances.map((i) => i.host))];
  const waves = change.waves ?? instances.filter((i) => i.action !== 'nothing').map((i) => i.id);
  return {
    deployment: 'd-1',
    release: { from: 'old', to: 'new' },
    strategy: { ...DEFAULT_STRATEGY, ...change.strategy },
    hosts: change.hosts ?? names.map((name) => ({ name })),
    instances,
    waves: waves.map(
      (text, n): Wave => ({
        number: n + 1,
        canary: text.startsWith('canary: '),
        instances: text.replace('canary: ', '').split(' '),
      }),
    ),
    epoch: 0,
  };
}

type Due = { readonly at: number; readonly body: EventBody };

/** Performs a deployment on a virtual clock: prepare takes 1 s, a switch 1 s, getting healthy 10 s, a revert 5 s. */
export function play(input: RolloutInput, script: Script = {}, past: readonly Event[] = []): Played {
  const events: Event[] = [...past];
  const trace: string[] = [];
  const waits: string[] = [];
  const tries = new Map<string, number>();
  let due: Due[] = Object.entries(script.at ?? {}).map(([at, body]) => ({ at: Number(at) * 1_000, body }));
  let now = past.at(-1)?.t ?? 0;
  let state = past.reduce(transition, start(input));
  let dead = script.crashAt === undefined;

  const append = (body: EventBody): void => {
    const event: Event = { v: 1, seq: events.length, at: '', t: now, deployment: input.deployment, ...body };
    events.push(event);
    state = transition(state, event);
    const text = words(body);
    if (text !== '' && !(script.exclude?.test(text) ?? false)) trace.push(`${now / 1_000} ${text}`);
  };
  const later = (seconds: number, body: EventBody): void => {
    due.push({ at: now + seconds * 1_000, body });
  };
  const begin = (action: Action): void => {
    if (action.kind === 'prepare') {
      const n = tries.get(action.host) ?? 0;
      tries.set(action.host, n + 1);
      append({ type: 'prepare.started', host: action.host });
      later(1, prepared(action.host, script.prepare?.[action.host]?.[n] ?? 'ok'));
    } else if (action.kind === 'update') {
      const instance = action.instance;
      append({ type: 'update.started', instance, opId: 'o', from: action.from, to: action.to });
      later(1, { type: 'update.switched', instance, pid: 7, ms: 1_000 });
      const end = script.update?.[instance];
      if (end === undefined) later(11, { type: 'instance.healthy', instance, ms: 11_000, probes: 10 });
      later(
        11,
        end === undefined ? { type: 'instance.committed', instance } : failed(instance, end === 'restored'),
      );
    } else if (action.kind === 'revert') {
      const instance = action.instance;
      append({ type: 'revert.started', instance, opId: 'o', to: action.to });
      const fails = script.revert?.[instance] === 'fails';
      later(5, fails ? lost(instance) : { type: 'instance.reverted', instance, to: action.to, ms: 5_000 });
    } else if (action.kind === 'recheck') {
      const instance = action.instance;
      append({ type: 'recheck.started', instance });
      later(1, rechecked(instance, script.recheck?.[instance] ?? 'committed'));
    }
  };
  for (let round = 0; round < 100_000; round += 1) {
    const actions = decide(state, now);
    const [first] = actions;
    if (first === undefined) return { trace, state, events, waits };
    if (first.kind === 'emit') {
      append(first.body);
      continue;
    }
    if (first.kind !== 'wait') {
      begin(first);
      continue;
    }
    waits.push(`${now / 1_000} ${first.why}`);
    due.sort((a, b) => a.at - b.at);
    const next = due[0];
    const wake = Math.min(next?.at ?? Infinity, first.until ?? Infinity);
    if (!dead && wake >= (script.crashAt ?? 0) * 1_000) {
      dead = true;
      now = (script.crashAt ?? 0) * 1_000 + 5_000;
      due = [];
      append({ type: 'deployment.resumed', actor: 'ops' });
      continue;
    }
    if (wake === Infinity) return { trace, state, events, waits };
    now = Math.max(now, wake);
    if (next !== undefined && next.at <= now) {
      due.shift();
      append(next.body);
    }
  }
  throw new Error('does not end');
}

function prepared(host: string, how: 'ok' | 'broken' | 'unreachable'): EventBody {
  if (how === 'ok') return { type: 'prepare.finished', host, bytesSent: 1, ms: 1_000, changes: [] };
  const message = how === 'broken' ? 'its disk is full' : 'connection refused';
  return {
    type: 'prepare.failed',
    host,
    failure: { code: 'PD3300', message },
    unreachable: how === 'unreachable',
  };
}

function failed(instance: string, restored: boolean): EventBody {
  const failure = { code: 'PD4001', message: 'was not healthy' };
  return { type: 'instance.failed', instance, failure, unreachable: false, restored };
}

function lost(instance: string): EventBody {
  return {
    type: 'revert.failed',
    instance,
    failure: { code: 'PD4002', message: 'the old release is gone' },
    fix: [],
  };
}

function rechecked(instance: string, how: 'committed' | 'restored' | 'never'): EventBody {
  if (how === 'never') return { type: 'update.reset', instance, why: 'the host never began it' };
  return how === 'committed' ? { type: 'instance.committed', instance } : failed(instance, true);
}

/** One line an event; those that say nothing new are left out. */
function words(body: EventBody): string {
  switch (body.type) {
    case 'prepare.failed':
    case 'host.skipped':
    case 'host.deferred':
      return `${body.host} ${body.type}`;
    case 'prepare.completed':
      return 'prepared';
    case 'wave.started':
      return `wave ${body.wave}${body.canary ? ' canary' : ''}: ${body.instances.join(' ')}`;
    case 'wave.finished':
      return `wave ${body.wave} done`;
    case 'update.started':
      return `${body.instance} update`;
    case 'instance.committed':
      return `${body.instance} committed`;
    case 'instance.failed':
      return `${body.instance} failed${body.restored ? ', restored' : ''}`;
    case 'recheck.started':
      return `${body.instance} recheck`;
    case 'update.reset':
      return `${body.instance} reset`;
    case 'revert.started':
      return `${body.instance} revert to ${body.to}`;
    case 'instance.reverted':
      return `${body.instance} reverted`;
    case 'revert.failed':
      return `${body.instance} revert failed`;
    case 'rollback.started':
      return `rollback ${body.scope}: ${body.instances.join(' ')} because ${body.cause}`;
    case 'deployment.finished':
      return `${body.outcome}${body.cause === '' ? '' : `: ${body.cause}`}`;
    case 'deployment.paused':
    case 'deployment.continued':
    case 'deployment.promoted':
    case 'deployment.aborted':
    case 'deployment.stopping':
    case 'deployment.resumed':
    case 'lease.lost':
      return body.type;
    default:
      return '';
  }
}
