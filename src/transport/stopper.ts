/** Why an operation has to end early. The first reason wins. */
export type Stopper = {
  /** Its reason is a sentence. */
  readonly signal: AbortSignal;
  why(): string;
  /** Takes the timer and the listeners away. */
  release(): void;
};

type Causes = {
  readonly deadlineMs: number;
  /** What is said when the deadline passes. */
  readonly late: string;
  readonly abort?: AbortSignal | undefined;
  /** The connection; its reason is a sentence. */
  readonly lost: AbortSignal;
};

/** One signal for a deadline, the caller's abort and the loss of the connection. */
export function stopWhen(causes: Causes): Stopper {
  const controller = new AbortController();
  const stop = (why: string): void => controller.abort(why);
  const timer = setTimeout(() => stop(causes.late), causes.deadlineMs);
  const onAbort = (): void => stop('stopped by the caller');
  if (causes.abort?.aborted === true) onAbort();
  causes.abort?.addEventListener('abort', onAbort, { once: true });
  const onLost = (): void => stop(String(causes.lost.reason));
  if (causes.lost.aborted) onLost();
  causes.lost.addEventListener('abort', onLost, { once: true });
  return {
    signal: controller.signal,
    why: () => String(controller.signal.reason),
    release: () => {
      clearTimeout(timer);
      causes.abort?.removeEventListener('abort', onAbort);
      causes.lost.removeEventListener('abort', onLost);
    },
  };
}
