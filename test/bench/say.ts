/** Progress goes to standard error; the table alone is on standard output. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
