import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/report/fold.ts';
import { renderFrame } from '../../src/report/frame.ts';
import { createLiveReporter } from '../../src/report/live.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Screen } from './screen.ts';
import { Story } from './story.ts';

const STYLE = { unicode: true, color: false, columns: 80 };

function rollout(hosts: number, waves: number): Story {
  const story = new Story(planOf(hosts)).start().prepare();
  for (let wave = 1; wave <= waves; wave++) story.wave(wave);
  const next = story.plan.waves[waves]?.instances[0] ?? '';
  return story.beginWave(waves + 1).update(next, 7);
}

describe('the live picture', () => {
  it.each([
    [3, 1, 120, 24],
    [200, 60, 120, 24],
    [20, 5, 60, 12],
  ])(
    'shows %i hosts after %i waves on %i columns and %i rows, and nothing scrolls away',
    async (hosts, waves, columns, rows) => {
      const story = rollout(hosts, waves);
      const screen = new Screen(columns, rows);
      const reporter = createLiveReporter({
        stream: screen.stream,
        plan: story.plan,
        style: STYLE,
        keys: true,
        now: () => story.now,
      });
      for (const event of story.events) reporter.event(event);
      await sleep(450);
      const view = viewOf(story.events, story.plan);
      const expected = renderFrame(view, {
        columns: columns - 2,
        rows,
        unicode: true,
        keys: true,
        now: story.now,
      });
      expect(await screen.lines()).toEqual(expected);
      expect(screen.scrolled).toBe(0);
      await reporter.end();
    },
  );

  it('leaves the last picture, gives the cursor back, and fails nobody when a deployment failed', async () => {
    const story = rollout(3, 1).fail('edge-01@1').finish('failed');
    const screen = new Screen(120, 24);
    const reporter = createLiveReporter({
      stream: screen.stream,
      plan: story.plan,
      style: STYLE,
      keys: false,
      now: () => story.now,
    });
    for (const event of story.events) reporter.event(event);
    await reporter.end();
    const lines = await screen.lines();
    expect(lines[0]).toContain('failed in');
    expect(lines.filter((line) => line.includes('✖')).join()).toContain('edge-01@1');
    expect(screen.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.raw.lastIndexOf('\u001b[?25l'));
  });

  it('ends at once, before anything happened', async () => {
    const screen = new Screen(80, 24);
    const reporter = createLiveReporter({ stream: screen.stream, style: STYLE, keys: false });
    await reporter.end();
    expect(await screen.lines()).not.toEqual([]);
  });

  it('takes no signal for itself', async () => {
    const before = process.listenerCount('SIGINT');
    const reporter = createLiveReporter({ stream: new Screen(80, 24).stream, style: STYLE, keys: false });
    await sleep(250);
    expect(process.listenerCount('SIGINT')).toBe(before);
    await reporter.end();
  });
});
