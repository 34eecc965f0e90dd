import { randomBytes } from 'node:crypto';

/** Opcodes of RFC 6455, section 11.8. */
export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export type Frame = { readonly opcode: number; readonly payload: Buffer };

/**
 * One whole frame of RFC 6455, section 5.2. @param payload at most 65,535 bytes @param mask as a client has to, and a server must not
 */
export function frame(opcode: number, payload: Buffer, mask: boolean): Buffer {
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = (mask ? 0x80 : 0) | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  if (!mask) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, masked(payload, key)]);
}

/** Takes what comes in pieces and gives whole frames. @throws Error on a frame of another kind than `frame` makes */
export function frameReader(each: (frame: Frame) => void): (piece: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (let read = readFrame(rest); read !== undefined; read = readFrame(rest)) {
      rest = rest.subarray(read.size);
      each(read);
    }
  };
}

function readFrame(bytes: Buffer): (Frame & { readonly size: number }) | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  if ((first & 0xf0) !== 0x80 || short === 127) throw new Error('fragmented, extended or too long');
  const at = (short === 126 ? 4 : 2) + (second & 0x80 ? 4 : 0);
  if (bytes.length < at) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < at + length) return undefined;
  const data = bytes.subarray(at, at + length);
  const payload = second & 0x80 ? masked(data, bytes.subarray(at - 4, at)) : Buffer.from(data);
  return { opcode: first & 0x0f, payload, size: at + length };
}

function masked(data: Buffer, key: Buffer): Buffer {
  return Buffer.from(data.map((byte, i) => byte ^ (key[i % 4] ?? 0)));
}
