import { describe, expect, it } from 'vitest';
import { summary } from '../../src/report/summary.ts';
import { planOf } from '../arbitraries/plan.ts';
import { DEPLOYMENT, EVIDENCE, Story } from './story.ts';

const STYLE = { unicode: true, color: false, columns: 110 };

function text(story: Story, marked = true): string {
  return `${summary(story.events, story.plan, STYLE, { marked })}\n`;
}

function failing(): Story {
  return new Story(planOf(10, 2)).start().prepare().beginWave(1).update('edge-03@1', 2).fail('edge-03@1');
}

function rolledBack(): Story {
  return failing()
    .tell(
      { type: 'rollback.started', cause: 'edge-03@1', scope: 'deployment', instances: ['edge-03@1'] },
      { type: 'revert.started', instance: 'edge-03@1', opId: 'r', to: '' },
      { type: 'instance.reverted', instance: 'edge-03@1', to: '', ms: 10_800 },
    )
    .finish('rolled-back', 'edge-03@1 not healthy', { untouched: 19 });
}

describe('the last words', () => {
  it('of a rollout that went well', async () => {
    const story = new Story(planOf(3)).start().prepare().wave(1).wave(2).wave(3);
    story.finish('succeeded', '', { current: 3, old: 0 });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-succeeded.txt');
  });

  it('of one that failed and was rolled back', async () => {
    await expect(text(rolledBack())).toMatchFileSnapshot('golden/summary-rolled-back.txt');
  });

  it('do not call the target of a failed rollback bad', () => {
    expect(text(rolledBack())).toContain('9b7e01d is marked bad');
    expect(text(rolledBack(), false)).not.toContain('marked bad');
  });

  it('of one that needs a person: which hosts, and the exact commands', async () => {
    const story = failing().tell(
      { type: 'rollback.started', cause: 'edge-03@1', scope: 'deployment', instances: ['edge-03@1'] },
      { type: 'revert.started', instance: 'edge-03@1', opId: 'r', to: '' },
      {
        type: 'revert.failed',
        instance: 'edge-03@1',
        failure: {
          code: 'PD4010',
          message: 'release 4f1c2a9 is gone from the host (deleted after the plan)',
        },
        fix: ['pdeploy rollout -i prod -l edge-03 --release 4f1c2a9'],
      },
    );
    story.finish('failed', 'edge-03@1 could not be taken back', {
      old: 19,
      healthy: 19,
      untouched: 19,
      failed: 1,
    });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-not-back.txt');
  });

  it('name a command for a host even when the event has none', () => {
    const story = failing().finish('failed', '', { old: 19, healthy: 19, untouched: 19, failed: 1 });
    expect(text(story)).toContain('fix:  pdeploy rollout -i prod -l edge-03 --release 4f1c2a9');
  });

  it('of one that was interrupted', async () => {
    const story = new Story(planOf(3)).start().prepare().wave(1).beginWave(2).update('edge-01@1', 4);
    story
      .tell({ type: 'deployment.stopping', by: 'ops' })
      .finish('interrupted', 'stopped by ops', { current: 1, old: 1, healthy: 2, untouched: 1 });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-interrupted.txt');
  });

  it('of one whose controller was killed', () => {
    const story = new Story(planOf(3)).start().prepare().wave(1).beginWave(2).update('edge-01@1', 4);
    const said = text(story);
    expect(said).toContain('The log has no end');
    expect(said).toContain(
      'edge-01@1   in hand; its host goes back to 4f1c2a9 by itself unless it was committed',
    );
    expect(said).toContain(`pdeploy resume ${DEPLOYMENT}`);
  });

  it('of one that had nothing to do', async () => {
    const story = new Story(planOf(3))
      .start()
      .prepare()
      .finish('unchanged', '', { current: 3, old: 0, untouched: 3 });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-unchanged.txt');
  });

  it('of one that was aborted', async () => {
    const story = new Story(planOf(3))
      .start()
      .prepare()
      .wave(1)
      .tell({ type: 'deployment.aborted', by: 'ops' });
    story.tell(
      { type: 'rollback.started', cause: 'aborted by ops', scope: 'deployment', instances: ['edge-03@1'] },
      { type: 'instance.reverted', instance: 'edge-03@1', to: '', ms: 10_800 },
    );
    story.finish('aborted', 'aborted by ops', { untouched: 2 });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-aborted.txt');
  });

  it('of one that failed before it touched anything', async () => {
    const story = new Story(planOf(3)).start().tell({
      type: 'prepare.failed',
      host: 'edge-02',
      failure: { code: 'PD3101', message: 'connect ETIMEDOUT 198.51.100.7:22' },
      unreachable: true,
    });
    story.finish('rolled-back', 'edge-02 could not be prepared', { untouched: 3 });
    await expect(text(story)).toMatchFileSnapshot('golden/summary-not-prepared.txt');
  });

  it.each([
    ['4f1c2a9d'.repeat(8), 'pid 4121, still release 4f1c2a9)'],
    ['', 'pid 4121, a program that is no release)'],
    [undefined, 'pid 4121)'],
  ])('name what the process runs when it is not the new release: %s', (release, want) => {
    const story = new Story(planOf(1)).start().tell({
      type: 'instance.failed',
      instance: 'edge-01@1',
      failure: { code: 'PD4001', message: 'was not healthy' },
      evidence: { ...EVIDENCE, ...(release === undefined ? {} : { release }) },
      unreachable: false,
      restored: true,
    });
    expect(text(story)).toContain(want);
  });

  it('show what a process that died has said, made safe', () => {
    const story = new Story(planOf(1)).start().tell({
      type: 'instance.failed',
      instance: 'edge-01@1',
      failure: { code: 'PD4002', message: 'exited with code 1' },
      evidence: {
        ...EVIDENCE,
        pid: 0,
        unitState: 'failed/failed',
        result: 'exit-code',
        restarts: 3,
        logs: ['\u001b[31mpanic\u001b[0m: no \u202econfig\r\nat main.rs:7'],
      },
      unreachable: false,
      restored: true,
    });
    expect(text(story).split('\n').slice(0, 6)).toEqual([
      '✖ edge-01@1: exited with code 1',
      '    the process does not run (failed/failed, result exit-code), 3 restarts',
      '    last lines of this invocation:',
      '      panic: no config',
      '      at main.rs:7',
      '✔ edge-01@1 its host has gone back to 4f1c2a9 by itself',
    ]);
  });
});
