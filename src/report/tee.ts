import type { Event } from '../model/event.ts';
import type { Reporter } from './port.ts';

/** Gives every event to all. One that throws is told to `onError` and left out from then on; nothing is thrown on. */
export function tee(reporters: readonly Reporter[], onError: (error: unknown) => void = () => {}): Reporter {
  const broken = new Set<Reporter>();
  const drop = (reporter: Reporter, error: unknown): void => {
    broken.add(reporter);
    try {
      onError(error);
    } catch {
      // Telling about a failure must not become another one.
    }
  };
  return {
    event(event: Event): void {
      for (const reporter of reporters) {
        if (broken.has(reporter)) continue;
        try {
          reporter.event(event);
        } catch (error) {
          drop(reporter, error);
        }
      }
    },
    async end(): Promise<void> {
      for (const reporter of reporters) {
        try {
          await reporter.end();
        } catch (error) {
          drop(reporter, error);
        }
      }
    },
  };
}
