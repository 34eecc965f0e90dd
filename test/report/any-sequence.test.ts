import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { foldView, initialView, viewOf } from '../../src/report/fold.ts';
import { renderFrame } from '../../src/report/frame.ts';
import { createJsonlReporter } from '../../src/report/jsonl.ts';
import { keysFor } from '../../src/report/keys.ts';
import { createLiveReporter } from '../../src/report/live.ts';
import { createPlainReporter } from '../../src/report/plain.ts';
import { PLAIN } from '../../src/report/style.ts';
import { summary } from '../../src/report/summary.ts';
import { tally } from '../../src/report/tally.ts';
import { widthOf } from '../../src/report/width.ts';
import { EVENT_TYPES, eventSequence } from '../arbitraries/events.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Screen } from './screen.ts';

/** Anything a terminal may act on; line ends are judged apart. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\p{Cs}/u;
/** A number of hosts, so that a counterexample stays short; 0 is no plan. */
const fleets = fc.constantFrom(0, 3, 40);
const planWith = (hosts: number) => (hosts === 0 ? undefined : planOf(hosts, hosts === 3 ? 2 : 1));

describe('every reporter takes every sequence of events', () => {
  it('generates every type', () => {
    const seen = new Set(fc.sample(eventSequence, 300).flatMap((events) => events.map((e) => e.type)));
    expect(seen).toEqual(new Set(EVENT_TYPES));
  });

  it('as a frame that fits the terminal', () => {
    fc.assert(
      fc.property(
        eventSequence,
        fleets,
        fc.integer({ min: 30, max: 160 }),
        fc.integer({ min: 8, max: 50 }),
        fc.boolean(),
        (events, fleet, columns, rows, unicode) => {
          const view = viewOf(events, planWith(fleet));
          const frame = renderFrame(view, {
            columns,
            rows,
            unicode,
            keys: true,
            now: Date.parse('2026-11-22T23:20:00Z'),
          });
          expect(frame.length).toBeLessThanOrEqual(rows - 1);
          for (const line of frame) {
            expect(widthOf(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toMatch(UNSAFE);
            expect(line).not.toMatch(/NaN|undefined|Infinity|\[object/);
          }
          keysFor(view);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('as a frame that names what fails or runs, when there is room for it', () => {
    fc.assert(
      fc.property(eventSequence, fleets, (events, fleet) => {
        const view = viewOf(events, planWith(fleet));
        const inWaves = new Set(
          [...view.waves.values()].filter((w) => w.phase === 'running').flatMap((w) => w.instances),
        );
        const frame = renderFrame(view, { columns: 200, rows: 60, unicode: true, keys: false, now: 0 }).join(
          '\n',
        );
        for (const instance of view.instances.values()) {
          const open = ['switching', 'trial', 'failed', 'revert-failed'].includes(instance.phase);
          if (open && inWaves.has(instance.id)) expect(frame).toContain(instance.id);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('as lines, one a piece, safe for a terminal', async () => {
    await fc.assert(
      fc.asyncProperty(eventSequence, fleets, async (events, fleet) => {
        const written: string[] = [];
        const reporter = createPlainReporter({
          sink: { write: (text) => written.push(text) },
          plan: planWith(fleet),
          heartbeatMs: 0,
        });
        for (const event of events) reporter.event(event);
        await reporter.end();
        expect(written.length).toBeLessThanOrEqual(events.length);
        for (const text of written) {
          expect(text).toMatch(/^\d\d:\d\d:\d\d \S+ +\S+.*\n$/u);
          expect(text.slice(0, -1)).not.toMatch(UNSAFE);
          expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('as JSON lines that hold the very same events', async () => {
    await fc.assert(
      fc.asyncProperty(eventSequence, async (events) => {
        const written: string[] = [];
        const reporter = createJsonlReporter({ write: (text) => written.push(text) });
        for (const event of events) reporter.event(event);
        await reporter.end();
        expect(written.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(events)));
        for (const text of written) expect(text.slice(0, -1)).not.toMatch(UNSAFE);
      }),
      { numRuns: 500 },
    );
  });

  it('as a summary that ends with a command to type', () => {
    fc.assert(
      fc.property(eventSequence, fleets, (events, fleet) => {
        const text = summary(events, planWith(fleet), PLAIN);
        for (const line of text.split('\n')) expect(line).not.toMatch(UNSAFE);
        expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
        expect(text.split('\n').at(-1)).toContain('pdeploy ');
      }),
      { numRuns: 1_000 },
    );
  });

  it('as a live picture', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(eventSequence, fleets, async (events, fleet) => {
        const screen = new Screen(100, 24);
        const reporter = createLiveReporter({
          stream: screen.stream,
          plan: planWith(fleet),
          style: { ...PLAIN, unicode: true },
          keys: true,
        });
        for (const event of events) reporter.event(event);
        await reporter.end();
        expect((await screen.lines()).length).toBeGreaterThanOrEqual(3);
        expect(screen.scrolled).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('counts each instance once', () => {
    fc.assert(
      fc.property(eventSequence, fleets, (events, fleet) => {
        const { total, healthy, old, current, failed, untouched } = tally(viewOf(events, planWith(fleet)));
        expect(old + current + failed).toBeLessThanOrEqual(total);
        for (const value of [healthy, old, current, failed, untouched])
          expect(value).toBeGreaterThanOrEqual(0);
        expect(healthy + failed).toBeLessThanOrEqual(total);
      }),
      { numRuns: 1_000 },
    );
  });

  it('one by one or all at once, with the same view', () => {
    fc.assert(
      fc.property(eventSequence, fleets, (events, fleet) => {
        const folded = events.reduce<ReturnType<typeof initialView>>(
          (view, event: Event) => foldView(view, event),
          initialView(planWith(fleet)),
        );
        expect(folded).toEqual(viewOf(events, planWith(fleet)));
      }),
      { numRuns: 200 },
    );
  });
});

it('is judged by a check that would see an escape', () => {
  expect(Buffer.from('\u001b[31m').toString()).toMatch(UNSAFE);
  expect('\u202e').toMatch(UNSAFE);
  expect('\ud800').toMatch(UNSAFE);
});
