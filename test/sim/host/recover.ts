import { goBack, rollBack } from './agent/back.ts';
import { Call, SILENT, step } from './agent/call.ts';
import { finishCommit, unitExists } from './agent/commit.ts';
import { instancesOf } from './agent/finish.ts';
import { readRecord } from './agent/record.ts';
import type { Host } from './host.ts';
import { byName, type Place, place } from './paths.ts';
import type { Script } from './step.ts';

/** From power on to the services: tmpfiles.d, pdeploy-recover.service, then what is enabled. */
export function* bootServices(host: Host): Script {
  const services = servicesOf(host);
  for (const service of services)
    for (const name of instancesOf(host, service)) {
      const at = place(service, name);
      if (host.disk.has(at.tmpfiles)) host.run.set(at.L, at.C);
    }
  yield { kind: 'join', child: host.start('recover', recover(host, services)) };
  for (const service of services)
    for (const name of instancesOf(host, service)) {
      const at = place(service, name);
      if (host.disk.has(at.wants) && unitExists(host, at)) yield* host.systemd.startUnit(at.unit);
    }
}

/** pdeploy-recover.service: whatever becomes of it, the services are started. */
function* recover(host: Host, services: readonly string[]): Script {
  yield* step('boot.recover', host.world.random.between(100, 900));
  for (const service of services)
    for (const name of instancesOf(host, service)) yield* recoverInstance(host, place(service, name));
}

function servicesOf(host: Host): readonly string[] {
  const names = new Set(host.disk.below('/var/lib/pdeploy').map((path) => path.split('/')[4] ?? ''));
  return [...names].sort(byName);
}

/** Trials of an earlier boot are over; commits that were decided are finished, and so is going back. */
function* recoverInstance(host: Host, at: Place): Script {
  const { disk } = host;
  for (const file of disk.list(at.I)) {
    const [state, op] = [file.slice(0, file.indexOf('.')), file.slice(file.indexOf('.') + 1)];
    const trial = readRecord(host, `${at.I}/${file}`);
    if (trial === undefined) continue;
    const call = new Call(host, SILENT, op);
    if (state === 'pending' && trial.boot !== String(host.bootId)) yield* rollBack(call, at, 'reboot');
    if (state === 'rolledback' && trial.restored === '') yield* goBack(call, at, 'reboot');
    if (state === 'committed' && !trial.done) {
      disk.sync(at.I);
      yield* finishCommit(host, at, { ...trial, op });
    }
  }
}
