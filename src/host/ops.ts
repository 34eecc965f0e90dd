import type { HostOp } from '../model/resource.ts';
import { assertNever } from '../util/assert-never.ts';
import { type Field, token } from './request.ts';
import type { TarEntry } from './tar.ts';

/** Header lines of host operations, in order. Contents travel in the payload as `op/<n>`. */
export function opFields(ops: readonly HostOp[]): readonly Field[] {
  return ops.map((op, index) => ['do', index + 1, op.kind, ...opValues(op)]);
}

/** Payload entries of the operations that have contents. */
export function opEntries(ops: readonly HostOp[]): readonly TarEntry[] {
  return ops.flatMap((op, index) => {
    if (op.kind !== 'file' && op.kind !== 'credential') return [];
    const text = typeof op.content === 'string' ? op.content : op.content.reveal();
    return [{ path: `op/${index + 1}`, mode: 0o600, content: Buffer.from(text, 'utf8') }];
  });
}

function opValues(op: HostOp): readonly string[] {
  switch (op.kind) {
    case 'user':
      return [op.name, op.home, op.shell, token(op.comment)];
    case 'directory':
      return [op.path, op.owner, op.group, op.mode];
    case 'file':
      return [op.path, op.owner, op.group, op.mode];
    case 'remove':
      return [op.path];
    case 'credential':
      return [op.path, op.name];
    case 'command':
      return [
        ...op.argv.map(token),
        ...(op.revert === undefined ? [] : ['revert:', ...op.revert.map(token)]),
      ];
    default:
      return assertNever(op);
  }
}
