import type { Event } from '../model/event.ts';
import type { Reporter, Sink } from './port.ts';

/** Beyond what JSON itself escapes: what a terminal would act on if the line is looked at. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One event as one line of JSON, the same value for every program that reads it. */
export function jsonLine(event: Event): string {
  return `${JSON.stringify(event).replace(UNSAFE, escaped)}\n`;
}

export function createJsonlReporter(sink: Sink): Reporter {
  return {
    event: (event) => {
      sink.write(jsonLine(event));
    },
    end: async () => {},
  };
}

function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, i) => char.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
