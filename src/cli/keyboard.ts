import { viewOf } from '../report/fold.ts';
import { type Key, keysFor } from '../report/keys.ts';
import { StateError } from '../state/errors.ts';
import type { StateStore } from '../state/port.ts';

const CTRL_C = '\u0003';

/**
 * Lets the person who watches press the keys that the picture names; each is the same request another terminal would
 * make. In this mode the terminal no longer turns Ctrl-C into a signal, so that is done here.
 * @returns a function that gives the terminal back
 */
export function listenToKeys(store: StateStore, deployment: string, by: string): () => void {
  const { stdin } = process;
  const onKey = (chunk: Buffer): void => {
    for (const key of chunk.toString('utf8')) {
      if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
      const known = keysFor(viewOf(store.events(deployment))).find((k) => k.key === key);
      if (known !== undefined) ask(store, deployment, known.asks, by);
    }
  };
  // A terminal that was closed: nobody can press a key any more, and the deployment goes on without.
  const onError = (): void => undefined;
  stdin.on('error', onError);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', onKey);
  return () => {
    stdin.off('data', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

function ask(store: StateStore, deployment: string, kind: Key['asks'], by: string): void {
  try {
    store.postControl(deployment, kind, by);
  } catch (error) {
    // The deployment itself finds out that nothing can be recorded any more, and tells.
    if (!(error instanceof StateError)) throw error;
  }
}
