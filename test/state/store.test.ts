import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planOf } from '../arbitraries/plan.ts';
import { finished, started } from './bodies.ts';
import { tempDir, tempState } from './temp-state.ts';

describe('deployments', () => {
  it('gives back what was appended, numbered and dated', () => {
    const state = tempState();
    const id = state.createDeployment(planOf(3));
    const first = state.appendEvent(id, started(), 0);
    const second = state.appendEvent(id, { type: 'prepare.started', host: 'edge-01' }, 12.5);
    expect(state.events(id)).toEqual([first, second]);
    expect(second).toEqual({
      v: 1,
      seq: 2,
      at: '2026-11-22T23:01:06.000Z',
      t: 12.5,
      deployment: id,
      type: 'prepare.started',
      host: 'edge-01',
    });
    expect(state.plan(id)).toEqual(planOf(3));
  });

  it('is readable by its owner alone', () => {
    const dir = join(tempDir(), 'new', '.pdeploy');
    tempState(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('survives being closed and opened again', () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(3));
    state.appendEvent(id, started(), 0);
    expect(tempState(dir).events(id)).toEqual(state.events(id));
  });

  it('names deployments by the minute and never twice', () => {
    const state = tempState();
    const ids = Array.from({ length: 50 }, () => state.createDeployment(planOf(1), () => 0));
    expect(ids[0]).toBe('d-20261122-2301-a2a2a2');
    expect(new Set(ids).size).toBe(50);
  });

  it('tells the history, newest first, without those that never began', () => {
    const state = tempState();
    const a = state.createDeployment(planOf(3));
    state.appendEvent(a, started(), 0);
    state.appendEvent(a, finished('succeeded'), 151_000);
    const b = state.createDeployment(planOf(3));
    state.appendEvent(b, started(), 0);
    state.createDeployment(planOf(3));
    const [newest, oldest, ...others] = state.deployments();
    expect(others).toEqual([]);
    expect(newest).toMatchObject({ id: b, events: 1 });
    expect(newest).not.toHaveProperty('outcome');
    expect(oldest).toMatchObject({ id: a, outcome: 'succeeded', took: 151_000, actor: 'ops', instances: 3 });
    expect(state.deployments({ limit: 1 }).map((d) => d.id)).toEqual([b]);
  });

  it('finds the unfinished one, and only when nothing came after it', () => {
    const state = tempState();
    const a = state.createDeployment(planOf(3));
    state.appendEvent(a, started(), 0);
    expect(state.unfinished('edge', 'prod')?.id).toBe(a);
    expect(state.unfinished('edge', 'staging')).toBeUndefined();
    state.appendEvent(a, finished('interrupted'), 1);
    expect(state.unfinished('edge', 'prod')?.outcome).toBe('interrupted');
    state.appendEvent(a, { type: 'deployment.resumed', actor: 'ops' }, 2);
    expect(state.deployment(a)).not.toHaveProperty('outcome');
    const b = state.createDeployment(planOf(3));
    state.appendEvent(b, started(), 0);
    state.appendEvent(b, finished('succeeded'), 1);
    expect(state.unfinished('edge', 'prod')).toBeUndefined();
    expect(state.latestDeployment('edge', 'prod')?.id).toBe(b);
  });

  it('refuses an event of a deployment it does not know', () => {
    const state = tempState();
    expect(() => state.appendEvent('d-20261122-2301-x9', { type: 'prepare.completed' }, 0)).toThrow(
      expect.objectContaining({ code: 'PD5007', exitCode: 3 }),
    );
    expect(state.verifyChain()).toEqual({ ok: true, events: 0, head: '', problems: [] });
  });
});

describe('controls', () => {
  it('gives each request once, in order, to the deployment it is for', () => {
    const state = tempState();
    const a = state.createDeployment(planOf(1));
    const b = state.createDeployment(planOf(1));
    state.postControl(a, 'pause', 'ops');
    state.postControl(b, 'abort', 'ci');
    state.postControl(a, 'continue', 'ops');
    expect(state.takeControls(a).map((c) => [c.kind, c.by])).toEqual([
      ['pause', 'ops'],
      ['continue', 'ops'],
    ]);
    expect(state.takeControls(a)).toEqual([]);
    expect(state.takeControls(b).map((c) => c.kind)).toEqual(['abort']);
  });

  it('refuses a deployment it does not know', () => {
    expect(() => tempState().postControl('d-1', 'pause', 'ops')).toThrow(
      expect.objectContaining({ code: 'PD5007' }),
    );
  });
});
