/** Cuts a byte stream into lines. A character split between two chunks stays whole. */
export type LineSplitter = {
  /** The whole lines that `chunk` completes, without their ends. */
  push(chunk: Buffer): string[];
  /** What has come after the last line end. */
  rest(): string;
};

export function lineSplitter(): LineSplitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  return {
    push: (chunk) => {
      const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
      rest += first;
      if (more.length === 0) return [];
      const lines = [rest, ...more];
      rest = lines.pop() ?? '';
      return lines;
    },
    rest: () => rest,
  };
}
