import { describe, expect, it } from 'vitest';
import { type Action, actionKey } from '../../src/rollout/action.ts';

describe('the key of an action', () => {
  it('tells every piece of work from every other', () => {
    const actions: readonly Action[] = [
      { kind: 'prepare', host: 'a' },
      { kind: 'prepare', host: 'b' },
      { kind: 'update', instance: 'a', from: '', to: '' },
      { kind: 'recheck', instance: 'a', during: 'update' },
      { kind: 'revert', instance: 'a', from: '', to: '', broken: false },
      { kind: 'emit', body: { type: 'host.skipped', host: 'a', why: '' } },
      { kind: 'emit', body: { type: 'host.deferred', host: 'a', why: '' } },
      { kind: 'emit', body: { type: 'wave.finished', wave: 1, ms: 0 } },
      { kind: 'emit', body: { type: 'wave.finished', wave: 2, ms: 0 } },
      { kind: 'emit', body: { type: 'prepare.completed' } },
      { kind: 'emit', body: { type: 'note', level: 'info', text: '' } },
      { kind: 'wait', until: 1, why: 'pause' },
    ];
    expect(new Set(actions.map(actionKey)).size).toBe(actions.length);
    expect(actionKey({ kind: 'wait', until: 2, why: 'promote' })).toBe(
      actionKey({ kind: 'wait', until: 1, why: 'pause' }),
    );
  });
});
