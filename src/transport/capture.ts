import { lineSplitter } from './line-splitter.ts';

/** Takes in one stream of a command, up to a cap. */
export type Capture = {
  /** `false` once there was more than may be kept. */
  push(chunk: Buffer): boolean;
  /** What was kept. */
  text(): string;
};

/** Keeps at most `max` bytes. */
export function keepText(max: number): Capture {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  return {
    push: (chunk) => {
      const room = max - size;
      if (room > 0) chunks.push(chunk.subarray(0, room));
      size += Math.min(room, chunk.length);
      over ||= chunk.length > room;
      return !over;
    },
    // A character the cap cut in two is left out.
    text: () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks), { stream: over }),
  };
}

/** Hands on whole lines and keeps none. The cap holds for a line without an end; after one nothing more is handed on. */
export function passLines(max: number, onLine: (line: string) => void): Capture {
  const splitter = lineSplitter();
  let over = false;
  return {
    push: (chunk) => {
      if (over) return false;
      for (const line of splitter.push(chunk)) onLine(line);
      over = splitter.rest().length > max;
      return !over;
    },
    text: () => splitter.rest().slice(0, max),
  };
}
