import type { Event } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import { follow } from './fold.ts';
import { formatLine, heartbeat, type Said, sayEvent, whoColumn } from './plain-line.ts';
import type { Reporter, Sink } from './port.ts';
import type { Style } from './style.ts';
import { timeOfDay } from './words.ts';

export type PlainOptions = {
  readonly sink: Sink;
  readonly plan?: Plan | undefined;
  readonly style?: Style;
  /** A line is written after this long without one, so that a build server does not take it for dead. 0: never. */
  readonly heartbeatMs?: number;
  /** Time of day from an ISO date; local by default. */
  readonly time?: (at: string) => string;
};

/** The lines of a whole log. */
export function plainLines(
  events: readonly Event[],
  plan?: Plan,
  time: (at: string) => string = timeOfDay,
): string[] {
  const { view, add } = follow(plan);
  const lines: string[] = [];
  for (const event of events) {
    const said = sayEvent(view, event);
    add(event);
    if (said !== undefined)
      lines.push(formatLine(event.at, said, { who: whoColumn(view), time, color: false }));
  }
  return lines;
}

/** For build servers and files: one line for each event, naming its host. */
export function createPlainReporter(options: PlainOptions): Reporter {
  const { sink, heartbeatMs = 30_000, time = timeOfDay } = options;
  const color = options.style?.color ?? false;
  const { view, add } = follow(options.plan);
  const write = (at: string, said: Said) => {
    sink.write(`${formatLine(at, said, { who: whoColumn(view), time, color })}\n`);
  };
  const beat = () => write(new Date().toISOString(), heartbeat(view));
  const timer = heartbeatMs > 0 ? setInterval(beat, heartbeatMs) : undefined;
  timer?.unref();
  return {
    event(event: Event): void {
      const said = sayEvent(view, event);
      add(event);
      if (said === undefined) return;
      write(event.at, said);
      timer?.refresh();
    },
    async end(): Promise<void> {
      clearInterval(timer);
    },
  };
}
