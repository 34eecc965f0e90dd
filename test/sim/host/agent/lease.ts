import type { Host } from '../host.ts';
import { place } from '../paths.ts';
import type { Step } from '../step.ts';
import { type Call, Died, step } from './call.ts';

type Lease = {
  readonly epoch: number;
  readonly deployment: string;
  readonly boot: string;
  readonly end: number;
  readonly manual: string;
  readonly holder: string;
  readonly reason: string;
};

export function readLease(call: Call): Lease | undefined {
  return readLeaseOf(call.host, call.text('service'));
}

export function readLeaseOf(host: Host, service: string): Lease | undefined {
  const text = host.disk.read(`${place(service, '-').S}/lease`);
  const [epoch, deployment, boot, end, manual, holder, reason] = (text ?? '').trim().split(' ');
  if (deployment === undefined || boot === undefined || manual === undefined) return undefined;
  if (holder === undefined || reason === undefined) return undefined;
  return { epoch: Number(epoch), deployment, boot, end: Number(end), manual, holder, reason };
}

/** Not expired, not of an earlier boot. */
export function leaseHolds(call: Call): boolean {
  const lease = readLease(call);
  if (lease === undefined) return false;
  if (lease.manual === '1') return true;
  return lease.boot === String(call.host.bootId) && lease.end > call.host.ticks();
}

export function sayLease(call: Call): void {
  const lease = readLease(call);
  if (lease === undefined) return;
  const left = lease.end - call.host.ticks();
  call.say(
    `lease ${lease.epoch} ${lease.deployment} ${left} ${lease.manual} ${lease.holder} ${lease.reason}`,
  );
}

/** This very epoch gave the lease back and nobody came since. */
export function givenBack(call: Call): boolean {
  const { disk } = call.host;
  const { S } = call.place();
  return !disk.has(`${S}/lease`) && (disk.read(`${S}/lease.last`) ?? '').split(' ')[0] === call.text('epoch');
}

export function giveBack(call: Call): void {
  const { S } = call.place('-');
  call.host.disk.rename(`${S}/lease`, `${S}/lease.last`);
}

/** Whoever has looked since the lease ran out has seen nobody, and is to look again. */
function goOn(call: Call): void {
  const { disk } = call.host;
  const { S } = call.place();
  if (disk.full) return;
  disk.write(`${S}/epoch.new`, `${lastEpoch(call) + 1}\n`);
  disk.sync(`${S}/epoch.new`);
  disk.rename(`${S}/epoch.new`, `${S}/epoch`);
}

/** @throws Died fenced: this controller has lost the host */
export function requireEpoch(call: Call): void {
  const service = call.text('service');
  const lease = readLease(call);
  if (lease === undefined) throw new Died('fenced', `the lease of ${service} was released or never taken`);
  if (lease.epoch === call.number('epoch', -1) && lease.deployment === call.text('deployment')) {
    if (!leaseHolds(call)) goOn(call);
    return;
  }
  sayLease(call);
  throw new Died(
    'fenced',
    `deployment ${lease.deployment} holds the lease of ${service} with epoch ${lease.epoch}`,
  );
}

function* writeLease(call: Call, epoch: number, from: Call | Lease): Generator<Step, void, boolean> {
  const { disk } = call.host;
  const { S } = call.place();
  const words =
    from === call
      ? [call.text('manual') || '0', call.text('holder') || '-', call.text('reason') || '-']
      : [(from as Lease).manual, (from as Lease).holder, (from as Lease).reason];
  const end = call.host.ticks() + call.number('ttl', 0) * 100;
  yield* step('lease.write');
  disk.write(
    `${S}/lease.new`,
    `${epoch} ${call.text('deployment')} ${call.host.bootId} ${end} ${words.join(' ')}\n`,
  );
  yield* step('lease.rename');
  disk.rename(`${S}/lease.new`, `${S}/lease`);
  yield* step('lease.sync');
  disk.sync(`${S}/lease`, S);
}

/** The newest that was given out; 0: none yet. */
export function lastEpoch(call: Call): number {
  const stored = Number((call.host.disk.read(`${call.place().S}/epoch`) ?? '').trim() || 0);
  return Math.max(stored, readLease(call)?.epoch ?? 0);
}

function* nextEpoch(call: Call): Generator<Step, number, boolean> {
  const { disk } = call.host;
  const { S } = call.place();
  const epoch = lastEpoch(call) + 1;
  yield* step('epoch.write');
  disk.write(`${S}/epoch.new`, `${epoch}\n`);
  disk.sync(`${S}/epoch.new`);
  yield* step('epoch.rename');
  disk.rename(`${S}/epoch.new`, `${S}/epoch`);
  return epoch;
}

function* grant(call: Call): Generator<Step, void, boolean> {
  yield* call.lock(10, 'fence');
  const epoch = yield* nextEpoch(call);
  yield* writeLease(call, epoch, call);
  yield* call.unlock('fence');
  call.host.world.effect(call.host, {
    what: 'grant',
    op: call.op,
    deployment: call.text('deployment'),
    epoch,
    by: 'controller',
  });
  call.say(`epoch ${epoch}`);
}

/** Whoever had the lease since the host was looked at may have left nothing of what was seen. */
function refuseMoved(call: Call): void {
  const last = lastEpoch(call);
  const seen = call.number('seen', 0);
  if (last === seen) return;
  const why = `was given to others since: epoch ${last}, seen ${seen}`;
  throw new Died('fenced', `the lease of ${call.text('service')} ${why}`);
}

export function* doLease(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'deployment', 'action');
  yield* call.mustLock();
  const lease = readLease(call);
  switch (call.text('action')) {
    case 'acquire':
      call.need('ttl');
      if (leaseHolds(call) && lease?.deployment !== call.text('deployment')) {
        sayLease(call);
        throw new Died('held', `deployment ${lease?.deployment} holds ${call.text('service')}`);
      }
      if (call.text('seen') !== '' && lease?.deployment !== call.text('deployment')) refuseMoved(call);
      yield* grant(call);
      break;
    case 'takeover': {
      call.need('ttl', 'seen');
      const seen = call.number('seen', 0);
      if ((lease?.epoch ?? 0) !== seen) {
        if (lease !== undefined) sayLease(call);
        throw new Died(
          'fenced',
          `the lease of ${call.text('service')} has changed: epoch ${lease?.epoch ?? 'none'}, seen ${seen}`,
        );
      }
      yield* grant(call);
      break;
    }
    case 'renew':
      call.need('ttl', 'epoch');
      requireEpoch(call);
      yield* writeLease(call, call.number('epoch', 0), lease as Lease);
      call.say(`epoch ${call.text('epoch')}`);
      break;
    case 'release':
      call.need('epoch');
      if (givenBack(call)) break;
      requireEpoch(call);
      yield* step('lease.release');
      giveBack(call);
      break;
    default:
      throw new Died('bad-request', 'action');
  }
  yield* call.unlock();
}
