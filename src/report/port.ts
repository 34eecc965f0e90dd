import type { Event } from '../model/event.ts';

/**
 * Shows or passes on what happens. It takes every sequence of events, is never awaited for an event, and what it does
 * has no effect on the deployment. `end` writes what is left and gives the terminal back.
 */
export interface Reporter {
  event(event: Event): void;
  end(): Promise<void>;
}

/** Where text goes: a standard stream, or a list in a test. */
export type Sink = { readonly write: (text: string) => unknown };
