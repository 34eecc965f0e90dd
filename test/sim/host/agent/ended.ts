import type { Place } from '../paths.ts';
import type { Step } from '../step.ts';
import { awaitRestored, rollBack } from './back.ts';
import { Call, Died, SILENT } from './call.ts';
import { pendingOf, readRecord } from './record.ts';

const OVERDUE_TICKS = 1_000;

/** The guard was lost with the process that was to arm it: whoever finds that goes back in its place. */
export function* settleOverdue(call: Call, at: Place): Generator<Step, void, boolean> {
  const trial = pendingOf(call.host, at);
  if (trial === undefined) return;
  const overdue = call.host.ticks() > trial.deadline + OVERDUE_TICKS;
  if (trial.boot === String(call.host.bootId) && !overdue) return;
  const asked = call.op;
  call.op = trial.op;
  yield* rollBack(call, at, 'guard');
  call.op = asked;
}

/** Ways back whose end was never written: they must not be repeated over a later trial. */
export function* settleUnrestored(call: Call, at: Place): Generator<Step, void, boolean> {
  const { disk } = call.host;
  for (const file of disk.list(at.I, 'rolledback.')) {
    if (readRecord(call.host, `${at.I}/${file}`)?.restored !== '') continue;
    const quiet = new Call(call.host, SILENT, file.slice('rolledback.'.length), call.fields);
    yield* awaitRestored(quiet, at);
  }
}

/** Returns when the trial was committed, dies otherwise; not before the old release is back. */
export function* sayEnded(call: Call, at: Place): Generator<Step, void, boolean> {
  const { disk } = call.host;
  if (disk.has(`${at.I}/committed.${call.op}`)) {
    call.say('committed');
    return;
  }
  if (!disk.has(`${at.I}/rolledback.${call.op}`))
    throw new Died('not-found', `there is no trial ${call.op} on ${at.unit}`);
  yield* call.unlock();
  const restored = yield* awaitRestored(call, at);
  if (restored === undefined) throw new Died('failed', 'the trial is still being rolled back');
  if (restored === '0')
    throw new Died('failed', 'the trial was rolled back, and the old release did not start again');
  throw new Died('rolledback', 'the trial was rolled back');
}
