import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Wave } from '../../src/model/plan.ts';
import { viewOf } from '../../src/report/fold.ts';
import { renderFrame } from '../../src/report/frame.ts';
import type { FrameOptions } from '../../src/report/layout.ts';
import { planOf } from '../arbitraries/plan.ts';
import { bad, Story } from './story.ts';

function frame(story: Story, over: Partial<FrameOptions> = {}): string {
  const options = { columns: 118, rows: 24, unicode: true, keys: true, now: story.now, ...over };
  return `${renderFrame(viewOf(story.events, story.plan), options).join('\n')}\n`;
}

function upTo(story: Story, waves: number): Story {
  story.start().prepare();
  for (let wave = 1; wave <= waves; wave++) story.wave(wave);
  return story;
}

function golden(name: string): string {
  return `golden/frame-${name}.txt`;
}

/** Waves of `size` instances instead of one. */
function widePlan(hosts: number, size: number) {
  const plan = planOf(hosts);
  const ids = plan.hosts.flatMap((host) => host.instances.map((instance) => instance.id));
  const waves = Array.from(
    { length: Math.ceil(ids.length / size) },
    (_, n): Wave => ({ number: n + 1, instances: ids.slice(n * size, (n + 1) * size), canary: false }),
  );
  return { ...plan, waves };
}

describe('the picture of a rollout', () => {
  it('with 10 hosts, while the second wave is watched', async () => {
    const story = upTo(new Story(planOf(10, 2)), 1)
      .beginWave(2)
      .update('edge-01@1', 7);
    await expect(frame(story)).toMatchFileSnapshot(golden('10-hosts'));
  });

  it('with 3 hosts, all waves on the screen', async () => {
    const story = upTo(new Story(planOf(3)), 2)
      .beginWave(3)
      .update('edge-02@1', 3);
    await expect(frame(story)).toMatchFileSnapshot(golden('3-hosts'));
  });

  it('with 200 hosts, finished waves counted', async () => {
    const story = upTo(new Story(planOf(200)), 60)
      .beginWave(61)
      .update('edge-061@1', 3);
    await expect(frame(story)).toMatchFileSnapshot(golden('200-hosts'));
  });

  it('with 40 instances at once on 24 rows, the failed ones first', async () => {
    const story = new Story(widePlan(200, 40)).start().prepare().wave(1).beginWave(2);
    for (const id of story.plan.waves[1]?.instances ?? []) story.update(id, 1);
    story.fail('edge-078@1').fail('edge-079@1');
    await expect(frame(story)).toMatchFileSnapshot(golden('40-at-once'));
  });

  it('while it prepares, with hosts that cannot be reached', async () => {
    const story = new Story(planOf(20)).start();
    for (const { host } of story.plan.hosts.slice(0, 9)) story.tell({ type: 'prepare.started', host });
    story
      .wait(4_100)
      .tell({ type: 'prepare.finished', host: 'edge-01', bytesSent: 36_700_000, ms: 4_100, changes: [] });
    story.tell({ type: 'host.deferred', host: 'edge-20', why: 'connect ETIMEDOUT 198.51.100.7:22' });
    await expect(frame(story)).toMatchFileSnapshot(golden('preparing'));
  });

  it('while an instance is not healthy yet', async () => {
    const story = upTo(new Story(planOf(3)), 1)
      .beginWave(2)
      .update('edge-01@1', 2);
    story.tell({
      type: 'health.probed',
      instance: 'edge-01@1',
      sample: bad(story.t, 4121),
      healthyForMs: 0,
      needMs: 10_000,
    });
    await expect(frame(story)).toMatchFileSnapshot(golden('not-healthy'));
  });

  it('while it rolls back', async () => {
    const story = upTo(new Story(planOf(10, 2)), 2)
      .beginWave(3)
      .update('edge-01@2', 2)
      .fail('edge-01@2');
    story.tell(
      {
        type: 'rollback.started',
        cause: 'edge-01@2',
        scope: 'deployment',
        instances: ['edge-01@2', 'edge-01@1', 'edge-03@1'],
      },
      { type: 'revert.started', instance: 'edge-01@2', opId: 'r1', to: '' },
    );
    story
      .wait(10_800)
      .tell(
        { type: 'instance.reverted', instance: 'edge-01@2', to: '', ms: 10_800 },
        { type: 'revert.started', instance: 'edge-01@1', opId: 'r2', to: '' },
      );
    await expect(frame(story)).toMatchFileSnapshot(golden('rolling-back'));
  });

  it('when an instance could not be taken back', async () => {
    const story = upTo(new Story(planOf(3)), 1)
      .beginWave(2)
      .update('edge-01@1', 2)
      .fail('edge-01@1');
    story.tell({
      type: 'rollback.started',
      cause: '',
      scope: 'deployment',
      instances: ['edge-01@1', 'edge-03@1'],
    });
    story.tell({
      type: 'revert.failed',
      instance: 'edge-01@1',
      failure: { code: 'PD4010', message: 'release 4f1c2a9 is gone from the host' },
      fix: [],
    });
    story.finish('failed', '', { current: 1, old: 1, healthy: 2, failed: 1 });
    await expect(frame(story)).toMatchFileSnapshot(golden('not-back'));
  });

  it('paused, without colour, Unicode or keys, on 80 columns', async () => {
    const story = upTo(new Story(planOf(10, 2)), 1).tell({ type: 'deployment.paused', by: 'ops' });
    await expect(frame(story, { columns: 80, unicode: false, keys: false })).toMatchFileSnapshot(
      golden('paused-ascii'),
    );
  });

  it('waiting for somebody to promote its canary', () => {
    const plan = planOf(3);
    const story = upTo(new Story({ ...plan, strategy: { ...plan.strategy, promote: 'manual' } }), 1);
    expect(frame(story)).toContain('the canary is healthy, waiting for promote  p promote  a abort');
    story.tell({ type: 'deployment.promoted', by: 'ops' });
    expect(frame(story)).toContain('p pause');
  });

  it('done', async () => {
    const story = upTo(new Story(planOf(3)), 3).finish('succeeded', '', { current: 3, old: 0 });
    await expect(frame(story)).toMatchFileSnapshot(golden('done'));
  });

  it('says the same with and without colour', () => {
    const story = upTo(new Story(planOf(3)), 1);
    const colored = frame(story, { color: true });
    expect(colored).toContain('\u001b[32m✔\u001b[39m');
    expect(stripVTControlCharacters(colored)).toBe(frame(story));
  });
});
