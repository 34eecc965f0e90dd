import { expect, it } from 'vitest';
import { EVENT_REFERENCE, eventReferencePage } from '../../src/report/event-reference.ts';
import { jsonLine } from '../../src/report/jsonl.ts';
import { EVENT_TYPES } from '../arbitraries/events.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Story } from './story.ts';

it('tells of every type of event', () => {
  expect(new Set(Object.keys(EVENT_REFERENCE))).toEqual(new Set(EVENT_TYPES));
});

it('is the page in docs', async () => {
  const story = new Story(planOf(1))
    .start()
    .prepare()
    .beginWave(1)
    .update('edge-01@1', 1)
    .healthy('edge-01@1');
  story.tell({ type: 'wave.finished', wave: 1, ms: 11_200 }).finish('succeeded', '', { current: 1, old: 0 });
  const example = story.events.map((event) => jsonLine(event).trimEnd());
  await expect(eventReferencePage(example)).toMatchFileSnapshot('../../docs/events.md');
});
