import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPlainReporter, plainLines } from '../../src/report/plain.ts';
import { planOf } from '../arbitraries/plan.ts';
import { bad, good, Story } from './story.ts';

const utc = (at: string) => at.slice(11, 19);

describe('lines for build servers', () => {
  it('tell a rollout', async () => {
    const story = new Story(planOf(2))
      .start()
      .prepare()
      .wave(1)
      .wave(2)
      .finish('succeeded', '', { current: 2, old: 0 });
    await expect(`${plainLines(story.events, story.plan, utc).join('\n')}\n`).toMatchFileSnapshot(
      'golden/plain-rollout.txt',
    );
  });

  it('tell a failure and the way back', async () => {
    const story = new Story(planOf(2))
      .start()
      .prepare()
      .beginWave(1)
      .update('edge-02@1', 1)
      .fail('edge-02@1');
    story.tell(
      {
        type: 'rollback.started',
        cause: 'edge-02@1 was not healthy',
        scope: 'deployment',
        instances: ['edge-02@1'],
      },
      { type: 'revert.started', instance: 'edge-02@1', opId: 'r', to: '' },
      { type: 'instance.reverted', instance: 'edge-02@1', to: '', ms: 10_800 },
    );
    story.finish('rolled-back', 'edge-02@1 was not healthy', { untouched: 1 });
    await expect(`${plainLines(story.events, story.plan, utc).join('\n')}\n`).toMatchFileSnapshot(
      'golden/plain-rolled-back.txt',
    );
  });

  it('tell of probes only what changes', () => {
    const story = new Story(planOf(1)).start().beginWave(1).update('edge-01@1', 3);
    const probe = (sample: ReturnType<typeof good>) =>
      story
        .wait(500)
        .tell({ type: 'health.probed', instance: 'edge-01@1', sample, healthyForMs: 0, needMs: 10_000 });
    probe(bad(0, 1));
    probe(bad(0, 1));
    probe(good(0, 1));
    const lines = plainLines(story.events, story.plan, utc).filter((line) => line.includes('probe'));
    expect(lines).toEqual([
      '23:01:03 edge-01@1  probe       not healthy: GET http://127.0.0.1:6188/readyz answered 503',
      '23:01:04 edge-01@1  probe       ok',
    ]);
  });

  it('say every 30 seconds that it still works, and stop when it ends', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const written: string[] = [];
    const story = new Story(planOf(3)).start().prepare().beginWave(1).update('edge-03@1', 7);
    const reporter = createPlainReporter({
      sink: { write: (text) => written.push(text) },
      plan: story.plan,
      time: utc,
    });
    for (const event of story.events) reporter.event(event);
    const before = written.length;
    vi.advanceTimersByTime(29_000);
    expect(written.length).toBe(before);
    vi.advanceTimersByTime(32_000);
    expect(written.slice(before).map((line) => line.slice(9))).toEqual(
      Array(2).fill(
        'fleet      waiting     edge-03@1 health 7 of 10 s; healthy 2 of 3, old 2, new 0, failed 0\n',
      ),
    );
    await reporter.end();
    vi.advanceTimersByTime(120_000);
    expect(written.length).toBe(before + 2);
  });

  it('colour what failed, and only when asked to', () => {
    const story = new Story(planOf(1)).start().fail('edge-01@1');
    const written: string[] = [];
    const reporter = createPlainReporter({
      sink: { write: (text) => written.push(text) },
      heartbeatMs: 0,
      style: { color: true, unicode: true, columns: 80 },
    });
    for (const event of story.events) reporter.event(event);
    expect(written.at(-1)).toContain('\u001b[31mPD4001');
    expect(plainLines(story.events).join()).not.toContain('\u001b');
  });
});
