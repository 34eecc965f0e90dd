import { zstdDecompressSync } from 'node:zlib';
import { sha256 } from '../../../../src/util/digest.ts';
import type { Place } from '../paths.ts';
import { SYSTEM } from '../paths.ts';
import type { Step } from '../step.ts';
import { type Call, Died, step } from './call.ts';
import { requireEpoch } from './lease.ts';
import { pendingOf } from './record.ts';
import { readRelease, type StoredRelease, sameUnit, writeDurable } from './units.ts';

/** Stages a release; disturbs nothing that runs, and may be repeated. */
export function* doPrepare(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'epoch', 'deployment', 'digest', 'instance');
  requireEpoch(call);
  const at = call.place();
  const { host } = call;
  const incoming = `/opt/pdeploy/${at.service}/.incoming/${call.op}.${Math.floor(host.world.clock.now)}`;
  yield* step('prepare.unpack', host.world.random.between(5, 40));
  host.disk.write(`${incoming}/payload`, 'unpacked');
  const files = unpack(call);
  yield* call.mustLock();
  requireEpoch(call);
  const digest = call.text('digest');
  if (files.has('release/manifest')) {
    yield* stage(call, at, incoming, files, digest);
    call.say('stage stored');
  } else {
    if (readRelease(host, at, digest) === undefined)
      throw new Died('not-found', `release ${digest} is not on the host`);
    host.disk.sync(at.R);
    call.say('stage present');
  }
  host.world.effect(host, {
    what: 'prepare',
    op: call.op,
    deployment: call.text('deployment'),
    epoch: call.number('epoch', 0),
    by: 'controller',
  });
  yield* instances(call, digest);
  yield* call.unlock();
  yield* step('prepare.clean');
  host.disk.removeBelow(incoming);
}

function* stage(
  call: Call,
  at: Place,
  incoming: string,
  files: ReadonlyMap<string, Buffer>,
  digest: string,
): Generator<Step, void, boolean> {
  const { disk } = call.host;
  const manifest = files.get('release/manifest')?.toString() ?? '';
  if (sha256(manifest) !== digest)
    throw new Died('verify-failed', 'the manifest is not the one that was announced');
  for (const line of manifest.split('\n')) {
    const [sum, , path] = line.split(' ');
    if (path === undefined) continue;
    const content = files.get(`release/${path}`);
    if (content === undefined || sum === undefined || sha256Of(content, sum) !== sum)
      throw new Died('verify-failed', 'a file arrived damaged');
  }
  if (readRelease(call.host, at, digest) !== undefined) {
    disk.sync(at.R);
    return;
  }
  const meta = files.get('meta')?.toString().trim() ?? '{}';
  const unit = files.get('release/unit')?.toString() ?? '';
  const release: StoredRelease = { manifest, unit, meta };
  yield* step('stage.write', call.host.world.random.between(1, 20));
  disk.write(`${incoming}/release`, JSON.stringify(release));
  yield* step('stage.sync');
  disk.sync(`${incoming}/release`);
  yield* step('stage.rename');
  disk.rename(`${incoming}/release`, `${at.R}/${digest}`);
  yield* step('stage.sync-dir');
  disk.sync(at.R);
  call.say(`changed release ${digest}`);
}

/** Digests of contents that were sent before: one binary goes to many hosts, in many runs. */
const digests = new WeakMap<Buffer, string>();

function sha256Of(content: Buffer, _expected: string): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const digest = sha256(content);
  digests.set(content, digest);
  return digest;
}

function* instances(call: Call, digest: string): Generator<Step, void, boolean> {
  const { host } = call;
  for (const name of call.all('instance')) {
    const at = call.place(name);
    if (!host.run.has(at.L)) host.run.set(at.L, at.C);
    const release = readRelease(host, at, digest);
    const ours = !host.disk.has(`${SYSTEM}/${at.unit}`) || host.disk.has(`${at.I}/made-unit`);
    if (host.disk.has(at.C) || pendingOf(host, at) !== undefined || !ours || release === undefined) continue;
    if (sameUnit(host, at, release)) {
      host.disk.sync(SYSTEM);
      continue;
    }
    const undo = `${at.S}/undo/${call.text('deployment')}/p`;
    yield* step('prepare.undo');
    host.disk.write(`${undo}/r9101`, `unit ${name} ${digest}\n`);
    host.disk.sync(`${undo}/r9101`, undo);
    yield* step('prepare.mark');
    host.disk.write(`${at.I}/made-unit`, '');
    host.disk.sync(at.I);
    yield* writeDurable(host, at, release);
    call.say(`changed unit ${at.unit}`);
    host.systemd.reload();
  }
  const at = call.place();
  if (host.disk.has(at.tmpfiles)) return;
  yield* step('prepare.tmpfiles');
  host.disk.write(at.tmpfiles, 'L+!\n');
  host.disk.sync(at.tmpfiles, '/etc/tmpfiles.d');
  call.say('changed tmpfiles');
}

const ZERO = Buffer.alloc(512);

/** Contents of the payload by path. @throws Died bad-request when it is cut off */
function unpack(call: Call): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const encoding = call.text('payload');
  if (encoding === 'none' || encoding === '') return files;
  const tar = encoding === 'tar.zst' ? Buffer.concat(framesOf(call.payload)) : call.payload;
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const head = tar.subarray(offset, offset + 512);
    if (head.equals(ZERO)) break;
    const name = text(head, 0, 100);
    const size = Number.parseInt(text(head, 124, 136), 8);
    files.set(name, tar.subarray(offset + 512, offset + 512 + size));
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  if (files.size === 0) throw new Died('bad-request', 'the payload could not be unpacked');
  return files;
}

/** First bytes of a zstd frame. */
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Contents of frames that follow each other, which Node's one call does not read. */
function framesOf(payload: Buffer): readonly Buffer[] {
  const contents: Buffer[] = [];
  for (let from = 0; from < payload.length; ) {
    const next = payload.indexOf(MAGIC, from + 1);
    const end = next < 0 ? payload.length : next;
    contents.push(zstdDecompressSync(payload.subarray(from, end)));
    from = end;
  }
  return contents;
}

function text(block: Buffer, from: number, to: number): string {
  const end = block.indexOf(0, from);
  return block.toString('latin1', from, end < 0 || end > to ? to : end).trim();
}
