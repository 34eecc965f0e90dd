import type { Place } from '../paths.ts';
import { place } from '../paths.ts';
import type { Step } from '../step.ts';
import { awaitRestored, restoreUnlock, rollBack } from './back.ts';
import { Call, Died, SILENT, step } from './call.ts';
import { finishCommit } from './commit.ts';
import { instancesOf, undoDeployment } from './finish.ts';
import { requireEpoch } from './lease.ts';
import { readRecord } from './record.ts';

/** Ends what deployments have left here that nobody goes on with. */
export function* doSettle(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'epoch', 'deployment');
  requireEpoch(call);
  const { host } = call;
  const service = call.text('service');
  const errors: string[] = [];
  for (const name of instancesOf(host, service)) yield* settleInstance(call, place(service, name), errors);
  yield* call.mustLock();
  requireEpoch(call);
  const { S } = call.place('-');
  const dirs = new Set(
    host.disk.below(`${S}/undo`).map((path) => path.slice(S.length + 6).split('/')[0] ?? ''),
  );
  for (const deployment of dirs) {
    const kept = instancesOf(host, service).some(
      (name) => host.disk.list(`${S}/${name}`, `committed.${deployment}-`).length > 0,
    );
    if (!kept) yield* undoDeployment(call, deployment);
  }
  yield* step('settle.clean');
  if (errors.length === 0) {
    host.disk.removeBelow(`${S}/undo`);
    host.disk.removeBelow(`/opt/pdeploy/${service}/.incoming`);
  }
  yield* call.unlock();
  if (errors.length > 0) throw new Died('failed', `could not be ended: ${errors.join('')}`);
}

function* settleInstance(call: Call, at: Place, errors: string[]): Generator<Step, void, boolean> {
  const { host } = call;
  for (const file of host.disk.list(at.I)) {
    const [state, op] = [file.slice(0, file.indexOf('.')), file.slice(file.indexOf('.') + 1)];
    if (!['pending', 'rolledback', 'committed'].includes(state)) continue;
    const trial = readRecord(host, `${at.I}/${file}`);
    if (trial === undefined) continue;
    if (state === 'committed') {
      if (trial.done) continue;
      yield* call.mustLock();
      host.disk.sync(at.I);
      const now = readRecord(host, `${at.I}/${file}`);
      if (now !== undefined && !now.done) yield* finishCommit(host, at, { ...now, op }, true);
      yield* call.unlock();
      call.say(`settled ${at.instance} ${trial.deployment} committed`);
      continue;
    }
    if (trial.restored !== '') continue;
    yield* settleBack(call, at, op);
    if (readRecord(host, `${at.I}/rolledback.${op}`)?.restored !== '1')
      errors.push(` the way back of ${at.unit};`);
    call.say(`settled ${at.instance} ${trial.deployment} rolledback`);
  }
}

/** The guard may have been first, and may still be at it. */
function* settleBack(call: Call, at: Place, op: string): Generator<Step, void, boolean> {
  const quiet = new Call(call.host, SILENT, op, call.fields);
  try {
    if (yield* rollBack(quiet, at, 'controller')) return;
    yield* awaitRestored(quiet, at);
  } catch (error) {
    // A subshell of its own: what it dies of is told by its record.
    if (!(error instanceof Died)) throw error;
    yield* restoreUnlock(at);
  }
}
