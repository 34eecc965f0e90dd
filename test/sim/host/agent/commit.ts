import type { Host } from '../host.ts';
import { CONTROL, type Place, SYSTEM } from '../paths.ts';
import type { Script, Step } from '../step.ts';
import { step } from './call.ts';
import { stopGuardLater } from './guard.ts';
import { readRecord, type Trial } from './record.ts';
import { dirOf, dropVolatile, enable, readRelease, writeDurable } from './units.ts';

/** Commits that were decided and whose child died: a later trial begins from what they made. */
export function* carryOut(host: Host, at: Place): Generator<Step, void, boolean> {
  for (const file of host.disk.list(at.I, 'committed.')) {
    const trial = readRecord(host, `${at.I}/${file}`);
    if (trial === undefined || trial.done) continue;
    host.disk.sync(at.I);
    yield* finishCommit(host, at, { ...trial, op: file.slice('committed.'.length) }, true);
  }
}

/** Everything after the rename, which anybody can do again. */
export function* finishCommit(host: Host, at: Place, trial: Trial, late = false): Script {
  const { disk } = host;
  const release = readRelease(host, at, trial.to);
  if (trial.volatile === 1) {
    if (release !== undefined) yield* writeDurable(host, at, release);
    if (host.run.has(`${CONTROL}/${at.unit}`)) yield* dropVolatile(host, at);
  }
  yield* step('durable.current');
  disk.link(at.C, `${at.R}/${trial.to}`);
  yield* step('durable.enable');
  enable(host, at);
  yield* step('durable.link');
  host.run.set(at.L, at.C);
  yield* step('durable.sync');
  disk.sync(dirOf(at.C), dirOf(at.wants));
  if (late) yield* runCommitted(host, at, trial);
  yield* step('durable.done');
  if (trial.fresh !== 0) disk.remove(`${at.I}/made-unit`);
  disk.append(`${at.I}/committed.${trial.op}`, 'done 1\n');
  if (trial.volatile === 1) host.systemd.reload();
  stopGuardLater(host, trial.op);
}

/** A boot that could not carry the commit out has started the old release, or nothing. */
function* runCommitted(host: Host, at: Place, trial: Trial): Script {
  const unit = host.systemd.show(at.unit);
  if (unit.pid === 0 ? trial.fresh === 0 : unit.digest === trial.to) return;
  host.systemd.reload();
  yield* host.systemd.restart(at.unit);
}

/** Of what a power cut leaves a link may lead to a unit that is not there. */
export function unitExists(host: Host, at: Place): boolean {
  return (host.disk.read(`${SYSTEM}/${at.unit}`) ?? '') !== '';
}
