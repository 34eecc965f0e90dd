import { sha256 } from '../../../../src/util/digest.ts';
import { EPOCH } from '../../globals.ts';
import type { Host } from '../host.ts';
import { type Place, SYSTEM } from '../paths.ts';
import type { Step } from '../step.ts';
import { sayEvidence, unnoted } from './back.ts';
import { type Call, step } from './call.ts';
import { finishCommit } from './commit.ts';
import { settleOverdue } from './ended.ts';
import { lastEpoch, leaseHolds, sayLease } from './lease.ts';
import { pendingOf, readProgress, readRecord } from './record.ts';
import { currentOf, readRelease } from './units.ts';

/** Facts, instances, releases, lease: one call. */
export function* doObserve(call: Call): Generator<Step, void, boolean> {
  call.need('service');
  yield* call.lock(10, 'fence');
  if (leaseHolds(call)) sayLease(call);
  call.say(`epoch ${lastEpoch(call)}`);
  yield* call.unlock('fence');
  yield* step('observe', call.host.world.random.between(5, 30));
  const { host } = call;
  const at = call.place('-');
  const clock = ((EPOCH + host.world.clock.now + host.skewMs) / 1_000).toFixed(6);
  const facts = [
    'arch x86_64',
    'kernel 6.1.0',
    'os Debian GNU/Linux 12 (bookworm)',
    'systemd 252',
    'libc glibc 2.36',
    `boot ${host.bootId}`,
    'cpus 0-1',
    'memory 2000000',
    'disk 1000000 4096 1000000',
    'tools zstd curl',
    'policy host',
    'nofile 1048576 524288 000001ffffffffff',
    `uptime ${host.ticks()}`,
    `clock ${clock}`,
  ];
  for (const fact of facts) call.say(`fact ${fact}`);
  for (const name of call.all('instance')) sayUnit(call, name);
  for (const digest of host.disk.list(at.R)) {
    const release = readRelease(host, at, digest);
    call.say(`release ${digest} ${release === undefined ? 0 : 1} ${release?.meta ?? '{}'}`);
  }
}

/** The durable release; of a commit that was decided and not carried out yet the new one. */
export function decidedOf(host: Host, at: Place): string {
  for (const file of host.disk.list(at.I, 'committed.')) {
    const trial = readRecord(host, `${at.I}/${file}`);
    if (trial !== undefined && !trial.done) return trial.to;
  }
  return currentOf(host, at);
}

const unitSums = new Map<string, string>();

function sayUnit(call: Call, name: string): void {
  const { host } = call;
  const at = call.place(name);
  const unit = host.systemd.show(at.unit);
  const exe = unit.pid === 0 ? '-' : `${at.R}/${unit.digest}/bin/edge`;
  const text = host.disk.read(`${SYSTEM}/${at.unit}`);
  const sum = text === undefined ? '-' : (unitSums.get(text) ?? sha256(text));
  if (text !== undefined) unitSums.set(text, sum);
  const enabled = host.disk.has(at.wants) ? 1 : 0;
  const words = [name, decidedOf(host, at) || '-', unit.active, unit.sub, unit.pid, 0, enabled];
  call.say(`unit ${words.join(' ')} ${unit.startedAt * 10_000} ${exe} ${sum}`);
  const trial = pendingOf(host, at);
  if (trial !== undefined) call.say(`trial ${name} ${trial.op} ${trial.from || '-'} ${trial.to}`);
}

export function* doStatus(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'instance');
  const at = call.place();
  const { host } = call;
  yield* settleOverdue(call, at);
  const pending = readRecord(host, `${at.I}/pending.${call.op}`);
  if (pending !== undefined) {
    const left = Math.max(0, pending.deadline - host.ticks());
    call.say(`trial pending ${left} ${readProgress(host, at, call.op).done}`);
    return;
  }
  const committed = readRecord(host, `${at.I}/committed.${call.op}`);
  if (committed !== undefined) {
    if (!committed.done) {
      yield* call.mustLock();
      host.disk.sync(at.I);
      const now = readRecord(host, `${at.I}/committed.${call.op}`);
      if (now !== undefined && !now.done) yield* finishCommit(host, at, { ...now, op: call.op }, true);
      yield* call.unlock();
    }
    call.say('trial committed');
    return;
  }
  const rolledback = readRecord(host, `${at.I}/rolledback.${call.op}`);
  if (rolledback === undefined) {
    call.say('trial none');
    return;
  }
  const restored = rolledback.restored || unnoted(call, at) || '-';
  call.say(`trial rolledback ${rolledback.by || 'controller'} ${restored}`);
  sayEvidence(call, at);
}
