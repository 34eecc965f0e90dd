/** The only place that writes to the two streams: data on standard output, the rest on standard error. */
export const out = {
  data(text: string): void {
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  },
  err(text: string): void {
    process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  },
};

/**
 * A reader that is gone, a terminal that was closed, a full disk under a log file: none of them may end what is being
 * done. What cannot be shown is in the record.
 */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** A person is watching and can answer. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && process.env.CI === undefined;
}

/** A live picture can be drawn on standard error: not where nobody has said how wide it is. */
export function canDraw(): boolean {
  return (
    process.stderr.isTTY === true &&
    process.stderr.columns > 0 &&
    process.env.TERM !== 'dumb' &&
    process.env.CI === undefined
  );
}
