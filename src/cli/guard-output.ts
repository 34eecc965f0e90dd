import { StringDecoder } from 'node:string_decoder';
import { redactor } from '../util/redact.ts';
import { handleError } from './handle-error.ts';

type Write = typeof process.stdout.write;

/**
 * The last sink of all: whatever is written to the two streams, by whomever (the spinner, listr2, a playbook's own
 * console.log), has no secret in it, also where one is cut in two by the pieces it is written in.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) guard(stream);
  // Node itself would print the error past the streams.
  process.on('uncaughtException', (error) => {
    process.exit(handleError(error, true));
  });
}

function guard(stream: NodeJS.WriteStream): void {
  const write: Write = stream.write.bind(stream);
  const { push, end } = redactor();
  const decoder = new StringDecoder('utf8');
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = push(typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
    const done = rest.find((one): one is (error?: Error | null) => void => typeof one === 'function');
    return write(text, done);
  }) as Write;
  process.on('exit', () => {
    const left = end();
    if (left !== '') write(left);
  });
}
