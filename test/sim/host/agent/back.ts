import type { Host } from '../host.ts';
import { CONTROL, type Place, place } from '../paths.ts';
import type { Script, Step } from '../step.ts';
import { Call, Died, SILENT, step } from './call.ts';
import { finishCommit } from './commit.ts';
import { stopGuardLater } from './guard.ts';
import { requireEpoch } from './lease.ts';
import { readRecord, type Trial } from './record.ts';
import { stream } from './sample.ts';
import { currentOf, dirOf, dropDurable, dropVolatile } from './units.ts';

/** Who goes back: `controller`, `guard` or `reboot`, as the record has it. */
type By = string;

export function* doRollback(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'instance', 'epoch', 'deployment');
  const at = call.place();
  const { disk } = call.host;
  requireEpoch(call);
  if (yield* rollBack(call, at, 'controller')) {
    yield* answer(call, at);
    return;
  }
  if (disk.has(`${at.I}/rolledback.${call.op}`)) {
    const restored = yield* awaitRestored(call, at);
    if (restored === undefined) throw new Died('conflict', 'the rollback is still going on');
    if (restored === '0') {
      sayEvidence(call, at);
      throw new Died('failed', 'the old release did not start again');
    }
    yield* answer(call, at, true);
    return;
  }
  if (disk.has(`${at.I}/committed.${call.op}`)) {
    yield* takeBack(call, at);
    return;
  }
  yield* neverBegun(call, at);
}

/** The request to begin it may still be on its way: it has to find that it was taken back. */
function* neverBegun(call: Call, at: Place): Generator<Step, void, boolean> {
  const { disk } = call.host;
  yield* call.mustLock();
  if (['pending', 'rolledback', 'committed'].some((state) => disk.has(`${at.I}/${state}.${call.op}`))) {
    yield* call.unlock();
    yield* doRollback(call);
    return;
  }
  yield* step('never.write');
  const lines = [`op ${call.op}`, `deployment ${call.text('deployment')}`, 'by controller', 'restored 1', ''];
  disk.write(`${at.I}/new.rolledback`, lines.join('\n'));
  disk.rename(`${at.I}/new.rolledback`, `${at.I}/rolledback.${call.op}`);
  throw new Died('not-found', `there is no trial ${call.op} on ${at.unit}`);
}

function* answer(call: Call, at: Place, again = false): Generator<Step, void, boolean> {
  const trial = readRecord(call.host, `${at.I}/rolledback.${call.op}`);
  sayEvidence(call, at);
  if (again) call.say(`by ${trial?.by ?? ''}`);
  call.say(`restored ${trial?.from || '-'}`);
  if (call.number('stream', 0) > 0 && trial !== undefined && trial.from !== '')
    yield* stream(call, at, undefined, trial.from, 0);
}

/** False when somebody else was first. */
export function* rollBack(call: Call, at: Place, by: By): Generator<Step, boolean, boolean> {
  const { disk } = call.host;
  yield* step('rollback.rename');
  const trial = readRecord(call.host, `${at.I}/pending.${call.op}`);
  if (!disk.rename(`${at.I}/pending.${call.op}`, `${at.I}/rolledback.${call.op}`)) return false;
  call.host.world.effect(call.host, {
    what: 'rollback',
    op: call.op,
    deployment: trial?.deployment ?? '',
    epoch: trial?.epoch ?? 0,
    by,
  });
  yield* step('rollback.by');
  call.sayInto(`${at.I}/rolledback.${call.op}`, `by ${by}\n`);
  const restored = (yield* awaitRestored(call, at, by)) ?? (yield* goBack(call, at, by));
  if (by === 'controller' && restored === '0') {
    sayEvidence(call, at);
    throw new Died('failed', 'the old release did not start again');
  }
  return true;
}

export function* restoreLock(at: Place, seconds: number): Generator<Step, boolean, boolean> {
  return yield { kind: 'lock', key: `${at.I}/.restore`, timeoutMs: seconds * 1_000 };
}

export function* restoreUnlock(at: Place): Generator<Step, void, boolean> {
  yield { kind: 'unlock', key: `${at.I}/.restore` };
}

/** Whoever was first may still be at it, or has died of it. Undefined when it takes too long. */
export function* awaitRestored(
  call: Call,
  at: Place,
  first: By = 'controller',
): Generator<Step, string | undefined, boolean> {
  if (!(yield* restoreLock(at, 120))) return undefined;
  const trial = readRecord(call.host, `${at.I}/rolledback.${call.op}`);
  const restored = trial?.restored || unnoted(call, at) || (yield* goBack(call, at, trial?.by || first));
  yield* restoreUnlock(at);
  return restored;
}

/** What no disk had room for is known in /run, until a boot. */
function noteRestored(call: Call, at: Place, restored: string): void {
  const file = `${at.I}/rolledback.${call.op}`;
  call.sayInto(file, `restored ${restored}\n`);
  if (readRecord(call.host, file)?.restored === '')
    call.host.run.set(`${dirOf(at.L)}/restored.${call.op}`, restored);
}

/** '' when nothing is known there either. */
export function unnoted(call: Call, at: Place): string {
  const restored = call.host.run.get(`${dirOf(at.L)}/restored.${call.op}`) ?? '';
  if (restored !== '') noteRestored(call, at, restored);
  return restored;
}

/** What restored says in the end: 1, or 0 when the old release did not start. */
export function* goBack(call: Call, at: Place, by: By): Generator<Step, string, boolean> {
  const { host, op } = call;
  const file = `${at.I}/rolledback.${op}`;
  yield { kind: 'lock', key: `${at.S}/.lock`, timeoutMs: 15_000 };
  const trial = readRecord(host, file);
  yield* step('rollback.sync');
  host.disk.sync(at.I);
  const again = host.disk.has(`${at.I}/evidence.${op}`);
  if (by !== 'reboot' && !again) noteState(call, at);
  if (trial !== undefined) yield* restore(host, at, trial, by, again);
  yield { kind: 'unlock', key: `${at.S}/.lock` };
  let restored = '1';
  if (by !== 'reboot' && trial?.fresh !== 1 && !(yield* host.systemd.restart(at.unit))) restored = '0';
  yield* step('rollback.restored');
  noteRestored(call, at, restored);
  stopGuardLater(host, op);
  if (by === 'controller' && restored === '0') {
    sayEvidence(call, at);
    throw new Died('failed', `release ${trial?.from || 'none'} did not start again`);
  }
  return restored;
}

/** Links and unit files as they were; nothing is restarted here. May be repeated. */
function* restore(
  host: Host,
  at: Place,
  trial: Trial,
  by: string,
  again: boolean,
): Generator<Step, void, boolean> {
  const { disk } = host;
  yield* step('restore.current');
  if (trial.from !== '') {
    if (currentOf(host, at) !== trial.from && disk.has(`${at.R}/${trial.from}`))
      disk.link(at.C, `${at.R}/${trial.from}`);
  } else if (trial.fresh !== 0 && disk.has(at.C)) {
    disk.remove(at.C);
    disk.sync(dirOf(at.C));
  }
  yield* step('restore.link');
  host.run.set(at.L, at.C);
  let reload = again;
  if (host.run.has(`${CONTROL}/${at.unit}`)) {
    yield* dropVolatile(host, at);
    reload = true;
  }
  if (trial.fresh === 1) {
    if (by !== 'reboot') yield* host.systemd.stop(at.unit);
    yield* dropDurable(host, at);
    disk.remove(`${at.I}/made-unit`);
    reload = true;
  }
  if (!reload) return;
  yield* step('restore.reload');
  host.systemd.reload();
}

/** A committed first install can be taken back too. */
function* takeBack(call: Call, at: Place): Generator<Step, void, boolean> {
  const { host, op } = call;
  yield* call.mustLock();
  const trial = readRecord(host, `${at.I}/committed.${op}`);
  if (trial === undefined || trial.fresh === 0)
    throw new Died('conflict', 'the trial is committed; activate the release before it instead');
  if (!trial.done) yield* finishCommit(host, at, { ...trial, op });
  if (currentOf(host, at) !== trial.to)
    throw new Died('conflict', 'the trial is committed and another release followed');
  if (call.text('deployment') !== trial.deployment)
    throw new Died('conflict', 'the trial belongs to an earlier deployment');
  yield* step('takeback.rename');
  host.disk.rename(`${at.I}/committed.${op}`, `${at.I}/rolledback.${op}`);
  host.world.effect(host, {
    what: 'rollback',
    op,
    deployment: trial.deployment,
    epoch: call.number('epoch', 0),
    by: 'controller',
  });
  call.sayInto(`${at.I}/rolledback.${op}`, 'by controller\n');
  noteState(call, at);
  yield* step('takeback.current');
  host.disk.remove(at.wants);
  host.disk.sync(at.I, dirOf(at.wants));
  yield* restore(host, at, trial, 'controller', true);
  host.systemd.reload();
  yield* call.unlock();
  yield* step('takeback.restored');
  call.sayInto(`${at.I}/rolledback.${op}`, 'restored 1\n');
  sayEvidence(call, at);
  call.say('restored -');
}

function noteState(call: Call, at: Place): void {
  const unit = call.host.systemd.show(at.unit);
  const line = `evidence ${unit.active}/${unit.sub} ${unit.result} ${unit.pid} 0 - ${unit.digest || '-'}\n`;
  call.sayTo(`${at.I}/evidence.${call.op}`, line);
}

export function sayEvidence(call: Call, at: Place): void {
  const text = call.host.disk.read(`${at.I}/evidence.${call.op}`);
  for (const line of (text ?? '').split('\n')) if (line !== '') call.say(line);
}

/** What the timer starts. */
export function guardScript(host: Host, service: string, instance: string, op: string): void {
  const call = new Call(host, SILENT, op, new Map([['service', [service]]]));
  host.start('guard', guarded(call, place(service, instance)));
}

function* guarded(call: Call, at: Place): Script {
  yield* step('guard.start', call.host.world.random.between(1, 30));
  yield* rollBack(call, at, 'guard');
}
