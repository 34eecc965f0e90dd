import { viewOf } from '../report/fold.ts';
import { keysFor } from '../report/keys.ts';
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
      if (known !== undefined) store.postControl(deployment, known.asks, by);
    }
  };
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', onKey);
  return () => {
    stdin.off('data', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
