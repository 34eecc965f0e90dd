import type { Host } from '../host.ts';
import { byName, place } from '../paths.ts';
import type { Step } from '../step.ts';
import { type Call, Died, step } from './call.ts';
import { finishCommit } from './commit.ts';
import { giveBack, givenBack, requireEpoch } from './lease.ts';
import { readRecord } from './record.ts';
import { currentOf, dropDurable } from './units.ts';

/** Instances that this host keeps records of. */
export function instancesOf(host: Host, service: string): readonly string[] {
  const names = new Set<string>();
  const root = `/var/lib/pdeploy/${service}/`;
  for (const path of host.disk.below(root.slice(0, -1))) {
    const rest = path.slice(root.length);
    const cut = rest.indexOf('/');
    if (cut > 0 && !rest.startsWith('undo/')) names.add(rest.slice(0, cut));
  }
  return [...names].sort(byName);
}

/** The end of a deployment: nothing of it stays but the release, its mark and the records. */
export function* doFinish(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'epoch', 'deployment');
  yield* call.mustLock();
  if (givenBack(call)) {
    yield* call.unlock();
    return;
  }
  requireEpoch(call);
  const { host } = call;
  const { disk } = host;
  const service = call.text('service');
  const { S } = call.place('-');
  const names = instancesOf(host, service);
  for (const name of names) {
    const pending = disk.list(`${S}/${name}`, 'pending.')[0];
    if (pending !== undefined) throw new Died('conflict', `a trial is pending: ${pending.slice(8)}`);
  }
  for (const name of names) {
    const at = place(service, name);
    for (const file of disk.list(at.I, `committed.${call.text('deployment')}-`)) {
      const trial = readRecord(host, `${at.I}/${file}`);
      if (trial === undefined || trial.done) continue;
      disk.sync(at.I);
      yield* finishCommit(host, at, { ...trial, op: file.slice('committed.'.length) }, true);
    }
  }
  yield* step('finish.marks');
  const anchor = call.text('anchor');
  const proven = call.text('proven');
  if (anchor !== '') call.sayInto(`${S}/anchors`, `${call.text('deployment')} ${anchor}\n`);
  if (proven !== '') {
    call.sayTo(`${S}/last_good.new`, `${proven}\n`);
    disk.rename(`${S}/last_good.new`, `${S}/last_good`);
  }
  disk.sync(`${S}/anchors`, S);
  yield* step('finish.collect');
  collect(call, names);
  yield* step('finish.clean');
  disk.removeBelow(`${S}/undo`);
  disk.removeBelow(`/opt/pdeploy/${service}/.incoming`);
  yield* step('finish.lease');
  giveBack(call);
  host.world.effect(host, {
    what: 'finish',
    op: call.op,
    deployment: call.text('deployment'),
    epoch: call.number('epoch', 0),
    by: 'controller',
  });
  yield* call.unlock();
}

/** Never goes: what is current or on trial anywhere, what a process still runs, the last good one. */
function collect(call: Call, names: readonly string[]): void {
  const { host } = call;
  const service = call.text('service');
  const { S, R } = call.place('-');
  const keep = new Set(call.all('keep'));
  keep.add((host.disk.read(`${S}/last_good`) ?? '').trim());
  for (const name of names) {
    const at = place(service, name);
    keep.add(currentOf(host, at));
    keep.add((host.run.get(at.L) ?? '').slice(R.length + 1));
    keep.add(host.systemd.show(at.unit).digest);
  }
  for (const digest of host.disk.list(R)) {
    if (keep.has(digest)) continue;
    host.disk.remove(`${R}/${digest}`);
    call.say(`collected ${digest}`);
  }
}

export function* doUndo(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'epoch', 'deployment');
  yield* call.mustLock();
  requireEpoch(call);
  yield* undoDeployment(call, call.text('deployment'));
  yield* call.unlock();
}

/** Undoes the host operations of a deployment; of those only the units of a first install are modelled. */
export function* undoDeployment(call: Call, deployment: string): Generator<Step, void, boolean> {
  const { host } = call;
  const dir = `${call.place('-').S}/undo/${deployment}/p`;
  for (const name of [...host.disk.list(dir)].reverse()) {
    const [kind, instance] = (host.disk.read(`${dir}/${name}`) ?? '').trim().split(' ');
    if (kind === 'unit' && instance !== undefined) {
      const at = call.place(instance);
      if (!host.disk.has(at.C) && host.disk.has(`${at.I}/made-unit`)) {
        yield* dropDurable(host, at);
        host.disk.remove(`${at.I}/made-unit`);
      }
    }
    call.say(`undone ${(host.disk.read(`${dir}/${name}`) ?? '').trim()}`);
    yield* step('undo.drop');
    host.disk.remove(`${dir}/${name}`);
  }
}
