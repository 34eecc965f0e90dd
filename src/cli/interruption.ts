import { CancelledError } from '../errors.ts';

/**
 * Ctrl-C and its kin. While nothing has been changed the first one ends the command. Afterwards the first one lets the
 * instance in hand reach a safe state, the second leaves at once and the hosts heal themselves. A hang-up is never the
 * second: of one closed terminal both the kernel and the shell tell.
 */
export function interruption() {
  const stop = new AbortController();
  const gone = new AbortController();
  let changing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    const again = stop.signal.aborted && signal !== 'SIGHUP';
    if (again || !changing) gone.abort(signal);
    stop.abort(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    gone: gone.signal,
    /** From here on an interruption must not leave at once. */
    begin: (): void => {
      changing = true;
    },
    /** @throws CancelledError when the user has interrupted before any change */
    check: (): void => {
      if (stop.signal.aborted && !changing) throw new CancelledError();
    },
    end: (): void => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
