import { expect, it } from 'vitest';
import { viewOf } from '../../src/report/fold.ts';
import { renderFrame } from '../../src/report/frame.ts';
import { PLAIN } from '../../src/report/style.ts';
import { summary } from '../../src/report/summary.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Story } from './story.ts';

it('speaks of a first installation without a release before it', () => {
  const plan = { ...planOf(2), previous: { id: '', label: '', mark: '' } };
  const story = new Story(plan).start().prepare().beginWave(1).update('edge-02@1', 2).fail('edge-02@1');
  story.tell(
    { type: 'rollback.started', cause: '', scope: 'deployment', instances: ['edge-02@1'] },
    { type: 'instance.reverted', instance: 'edge-02@1', to: '', ms: 900 },
  );
  const frame = renderFrame(viewOf(story.events, plan), {
    columns: 110,
    rows: 24,
    unicode: true,
    keys: false,
    now: story.now,
  });
  expect(frame.join('\n')).toContain('1 of 1 instance removed again');
  story.finish('rolled-back', '', { old: 0, healthy: 0, untouched: 1 });
  const said = summary(story.events, plan, PLAIN);
  expect(said).toContain('+ rolled back  edge-02@1 removed again');
  expect(said).toContain('Nothing was installed before, and nothing is now.');
  expect(said).not.toMatch(/\bon none\b/);
});
