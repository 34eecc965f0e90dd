import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { Reporter } from '../../src/report/port.ts';
import { tee } from '../../src/report/tee.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Story } from './story.ts';

const { events } = new Story(planOf(1)).start().prepare();

function listener() {
  const seen: Event[] = [];
  const told = { ended: false };
  const reporter: Reporter = {
    event: (event) => {
      seen.push(event);
    },
    end: async () => {
      told.ended = true;
    },
  };
  return { seen, told, reporter };
}

describe('several reporters', () => {
  it('all hear every event and the end', async () => {
    const [a, b] = [listener(), listener()];
    const both = tee([a.reporter, b.reporter]);
    for (const event of events) both.event(event);
    await both.end();
    expect(a.seen).toEqual(events);
    expect(b.seen).toEqual(events);
    expect([a.told.ended, b.told.ended]).toEqual([true, true]);
  });

  it('do not suffer from one that throws, nor does whoever tells them', async () => {
    let calls = 0;
    const broken: Reporter = {
      event: () => {
        calls += 1;
        throw new Error('disk full');
      },
      end: () => Promise.reject(new Error('still full')),
    };
    const sound = listener();
    const errors: unknown[] = [];
    const both = tee([broken, sound.reporter], (error) => {
      errors.push(error);
      throw new Error('nobody listens');
    });
    for (const event of events) both.event(event);
    await both.end();
    expect(sound.seen).toEqual(events);
    expect(sound.told.ended).toBe(true);
    expect(calls).toBe(1);
    expect(errors.map(String)).toEqual(['Error: disk full', 'Error: still full']);
  });
});
