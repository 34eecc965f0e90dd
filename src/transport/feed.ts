import { finished, type Readable, type Writable } from 'node:stream';

/**
 * Writes `source` to a command's standard input, as fast as the host takes it, and ends it. `failed` is called when
 * the source breaks; a sink that goes away is not this function's business. Returns the way to stop early.
 */
export function feed(source: Buffer | Readable, sink: Writable, failed: (error: Error) => void): () => void {
  if (Buffer.isBuffer(source)) {
    sink.end(source);
    return () => undefined;
  }
  const resume = (): void => void source.resume();
  const onData = (chunk: Buffer | string): void => {
    if (sink.write(chunk)) return;
    source.pause();
    sink.once('drain', resume);
  };
  const release = finished(source, { writable: false }, (error) => {
    if (error) failed(error);
    else sink.end();
  });
  source.on('data', onData);
  return () => {
    release();
    source.off('data', onData);
    source.pause();
    sink.off('drain', resume);
  };
}

/** Lets go of a source nobody will read. */
export function discard(source: Buffer | Readable): void {
  if (Buffer.isBuffer(source)) return;
  source.on('error', () => undefined);
  source.destroy();
}
