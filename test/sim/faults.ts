import { VERBS, type Verb } from '../../src/host/request.ts';
import type { EventType } from '../../src/model/event.ts';

/** What happens to one request and its answer. Times in milliseconds. */
export type MessageFault = {
  readonly kind: (typeof MESSAGE_FAULTS)[number];
  readonly ms: number;
};

/**
 * `lost`: the connection is reset, `hole`: it is swallowed and found out by its silence; `before` the host has heard the
 * request, or `after`. `twice`: the host gets it again. `late-request`: long after the controller gave it up. `asleep`: the
 * controller sleeps for ten minutes as soon as it has sent it.
 */
export const MESSAGE_FAULTS = [
  'lost-before',
  'lost-after',
  'hole-before',
  'hole-after',
  'twice',
  'late-request',
  'late-reply',
  'asleep',
] as const;

/** What happens to a controller around an event: `full`: its disk; `freeze`: ten minutes; `operator`: a second one comes. */
export const EVENT_FAULTS = [
  'kill-before',
  'kill-after',
  'freeze',
  'full',
  'interrupt',
  'gone',
  'operator',
] as const;

/** What happens to a host before a step of an agent. */
export const STEP_FAULTS = ['power', 'reboot', 'kill', 'full', 'guard'] as const;

/** What is wrong all the time. */
export const RUN_FAULTS = [
  'probe says good',
  'probe says sick',
  'probe flaps',
  'clock +1 h',
  'clock -1 h',
] as const;

export function parsePair(pair: string): Pick<Fault, 'place' | 'kind'> {
  const cut = pair.indexOf(' ');
  return { place: pair.slice(0, cut), kind: pair.slice(cut + 1) };
}

/** How many people look at the hosts in the same moment, each with a release of their own. */
export const OPERATORS = ['2', '3', '4', '5'] as const;

/** A place and what happens there: `call.commit lost-after`, `event.wave.started kill-before`, `step.pending.sync power`. */
export type Fault = {
  readonly place: string;
  readonly kind: string;
  readonly nth: number;
  readonly ms: number;
};

export function pairOf(fault: Pick<Fault, 'place' | 'kind'>): string {
  return `${fault.place} ${fault.kind}`;
}

/** Verbs of other commands than rollout and resume: setup, doctor; nobody extends a guard yet. */
const NEVER_ASKED: readonly Verb[] = ['apply', 'extend', 'inspect'];

export const CALLS = VERBS.filter((v) => !NEVER_ASKED.includes(v));

export const EVENTS = [
  'deployment.started',
  'lease.acquired',
  'lease.lost',
  'prepare.started',
  'prepare.finished',
  'prepare.failed',
  'host.skipped',
  'host.deferred',
  'prepare.completed',
  'wave.started',
  'update.started',
  'update.switched',
  'health.probed',
  'instance.healthy',
  'instance.committed',
  'instance.failed',
  'rollback.started',
  'revert.started',
  'instance.reverted',
  'revert.failed',
  'deployment.stopping',
  'note',
  'wave.finished',
  'recheck.started',
  'update.reset',
  'deployment.resumed',
  'deployment.finished',
  'drain.started',
  'drain.finished',
  'drain.failed',
  'undrain.finished',
  'undrain.failed',
] as const satisfies readonly EventType[];

export const STEPS = [
  'epoch.write',
  'epoch.rename',
  'lease.write',
  'lease.rename',
  'lease.sync',
  'prepare.unpack',
  'stage.write',
  'stage.sync',
  'stage.rename',
  'stage.sync-dir',
  'prepare.clean',
  'prepare.undo',
  'prepare.mark',
  'unit.write',
  'unit.sync',
  'unit.rename',
  'unit.sync-dir',
  'unit.remove',
  'prepare.tmpfiles',
  'guard.arm',
  'guard.start',
  'guard.stop',
  'pending.write',
  'pending.rename',
  'pending.sync',
  'volatile.write',
  'volatile.drop',
  'switch.progress',
  'switch.link',
  'switch.restart',
  'switch.done',
  'systemd.stop',
  'systemd.start',
  'sample',
  'commit.rename',
  'commit.sync',
  'durable.current',
  'durable.enable',
  'durable.link',
  'durable.sync',
  'durable.done',
  'rollback.rename',
  'rollback.by',
  'rollback.sync',
  'rollback.restored',
  'restore.current',
  'restore.link',
  'restore.reload',
  'never.write',
  'takeback.rename',
  'takeback.current',
  'takeback.restored',
  'boot.recover',
  'finish.marks',
  'finish.collect',
  'finish.clean',
  'finish.lease',
  'undo.drop',
  'lease.release',
  'settle.clean',
  'observe',
  'drain.look',
  'drain.note',
  'drain.arm',
  'drain.set',
  'drain.wait',
  'drain.up',
  'undrain.start',
  'undrain.set',
  'undrain.note',
] as const;

/** Every place with everything that can happen there. */
export const PAIRS: readonly { readonly place: string; readonly kind: string }[] = [
  ...CALLS.flatMap((verb) => MESSAGE_FAULTS.map((kind) => ({ place: `call.${verb}`, kind }))),
  ...EVENTS.flatMap((type) => EVENT_FAULTS.map((kind) => ({ place: `event.${type}`, kind }))),
  ...STEPS.flatMap((name) => STEP_FAULTS.map((kind) => ({ place: `step.${name}`, kind }))),
  ...RUN_FAULTS.map((kind) => ({ place: 'run', kind })),
  ...OPERATORS.map((kind) => ({ place: 'operators', kind })),
];
