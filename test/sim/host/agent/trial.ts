import type { Host } from '../host.ts';
import type { Place } from '../paths.ts';
import type { Script, Step } from '../step.ts';
import { guardScript } from './back.ts';
import { type Call, Died, step } from './call.ts';
import { carryOut, finishCommit } from './commit.ts';
import { sayEnded, settleOverdue, settleUnrestored } from './ended.ts';
import { stopGuardLater } from './guard.ts';
import { requireEpoch } from './lease.ts';
import { pendingOf, readProgress, readRecord, type Trial, writePending } from './record.ts';
import { stream } from './sample.ts';
import { currentOf, readRelease, sameUnit, writeVolatile } from './units.ts';

/** Record, guard, changes, restart: from the record on, a crash at any point leads back to the old release. */
export function* doActivate(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'instance', 'epoch', 'deployment', 'to', 'binary');
  const at = call.place();
  const { host, op } = call;
  const asked = host.world.clock.now;
  yield* settleOverdue(call, at);
  yield* settleUnrestored(call, at);
  yield* call.mustLock();
  requireEpoch(call);
  yield* carryOut(host, at);
  if (yield* joinTrial(call, at)) return;
  const guard = call.number('guard', 60);
  const deadline = host.ticks() + guard * 100;
  const arming = host.start('arm', arm(host, at, op, guard * 1_000));
  let trial: Trial;
  try {
    trial = check(call, at, deadline);
  } catch (error) {
    if (yield { kind: 'join', child: arming }) stopGuardLater(host, op);
    throw error;
  }
  yield* writePending(call, at, trial, () => host.world.effect(host, effectOf(call, 'activate')));
  if (!(yield { kind: 'join', child: arming })) {
    host.disk.remove(`${at.I}/pending.${op}`);
    throw new Died('failed', 'the guard could not be armed; nothing was changed');
  }
  call.say(`armed ${guard}`);
  yield* stillPending(call, at);
  const switched = yield* doSwitch(call, at, trial);
  call.say(`switched ${Math.round(host.world.clock.now - asked)}`);
  yield* watchTrial(call, at, trial.to, switched);
}

/** The tick of the switch. */
function* doSwitch(call: Call, at: Place, trial: Trial): Generator<Step, number, boolean> {
  const { host, op } = call;
  const release = readRelease(host, at, trial.to);
  if (trial.volatile === 1 && release !== undefined) {
    yield* writeVolatile(host, at, release);
    host.systemd.reload();
  }
  const switched = host.ticks();
  yield* step('switch.progress');
  call.sayTo(`${at.I}/progress`, `${op} ${switched} 0\n`);
  yield* step('switch.link');
  host.run.set(at.L, `${at.R}/${trial.to}`);
  yield* stillPending(call, at);
  yield* call.unlock();
  yield* step('switch.restart');
  host.world.effect(host, effectOf(call, 'switch'));
  yield* host.systemd.restart(at.unit);
  yield* step('switch.done');
  if (host.disk.has(`${at.I}/pending.${op}`)) call.sayTo(`${at.I}/progress`, `${op} ${switched} 1\n`);
  return switched;
}

function effectOf(call: Call, what: 'activate' | 'switch' | 'commit') {
  const [deployment, epoch] = [call.text('deployment'), call.number('epoch', 0)];
  return { what, op: call.op, deployment, epoch, by: 'controller' };
}

/** True when there is nothing to switch: a retry joins what is going on, or hears how it ended. */
function* joinTrial(call: Call, at: Place): Generator<Step, boolean, boolean> {
  const trial = pendingOf(call.host, at);
  if (trial !== undefined) {
    if (trial.op !== call.op) throw new Died('conflict', `trial ${trial.op} is pending on ${at.unit}`);
    yield* call.unlock();
    yield* watchTrial(call, at, trial.to, readProgress(call.host, at, call.op).ticks);
    return true;
  }
  const { disk } = call.host;
  const over = disk.has(`${at.I}/committed.${call.op}`) || disk.has(`${at.I}/rolledback.${call.op}`);
  if (over) yield* sayEnded(call, at);
  return over;
}

function check(call: Call, at: Place, deadline: number): Trial {
  const { host } = call;
  const from = call.text('from').replace(/^-$/, '');
  const to = call.text('to');
  const current = currentOf(host, at);
  if (current !== from)
    throw new Died('conflict', `${at.unit} is on release ${current || 'none'}, not ${from || 'none'}`);
  const release = readRelease(host, at, to);
  if (release === undefined)
    throw new Died('not-found', `release ${to} is not on the host, or was changed since it was verified`);
  return {
    op: call.op,
    deployment: call.text('deployment'),
    epoch: call.number('epoch', 0),
    from,
    to,
    boot: String(host.bootId),
    deadline,
    fresh: from === '' ? 1 : 0,
    volatile: sameUnit(host, at, release) ? 0 : 1,
    done: false,
    by: '',
    restored: '',
  };
}

function* arm(host: Host, at: Place, op: string, ms: number): Script {
  yield* step('guard.arm', host.world.random.between(1, 30));
  const fire = (): void => guardScript(host, at.service, at.instance, op);
  if (!host.arm(`pdeploy-guard-${op}`, ms, fire)) throw new Died('failed', 'there is such a timer');
}

function* watchTrial(call: Call, at: Place, to: string, since: number): Generator<Step, void, boolean> {
  if (call.number('stream', 0) > 0) yield* stream(call, at, `${at.I}/pending.${call.op}`, to, since);
  yield* stillPending(call, at);
}

function* stillPending(call: Call, at: Place): Generator<Step, void, boolean> {
  if (call.host.disk.has(`${at.I}/pending.${call.op}`)) return;
  yield* sayEnded(call, at);
  throw new Ended();
}

/** The agent has answered and ends well, whatever it was in the middle of. */
export class Ended extends Error {}

export function* doWatch(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'instance', 'to', 'binary', 'stream');
  const at = call.place();
  const file = `${at.I}/pending.${call.op}`;
  const since = readProgress(call.host, at, call.op).ticks;
  if (!call.host.disk.has(file)) {
    yield* stream(call, at, undefined, call.text('to'), since);
    return;
  }
  yield* stream(call, at, file, call.text('to'), since);
  yield* stillPending(call, at);
}

/** The rename decides. The answer does not wait for what follows: a child goes on with the lock. */
export function* doCommit(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'instance', 'epoch', 'deployment');
  const at = call.place();
  const { host, op } = call;
  yield* settleOverdue(call, at);
  yield* call.mustLock();
  requireEpoch(call);
  yield* step('commit.rename');
  if (host.disk.rename(`${at.I}/pending.${op}`, `${at.I}/committed.${op}`))
    host.world.effect(host, effectOf(call, 'commit'));
  else if (!host.disk.has(`${at.I}/committed.${op}`)) {
    yield* sayEnded(call, at);
    return;
  }
  yield* step('commit.sync');
  host.disk.sync(at.I);
  const trial = readRecord(host, `${at.I}/committed.${op}`);
  if (trial !== undefined && !trial.done)
    yield {
      kind: 'fork',
      name: 'finish-commit',
      script: finishCommit(host, at, { ...trial, op }),
      key: `${at.S}/.lock`,
    };
  yield* call.unlock();
  call.say('committed');
}
