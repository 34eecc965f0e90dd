import { describe, expect, it } from 'vitest';
import type { Release } from '../../src/model/release.ts';
import { tempState } from './temp-state.ts';

function release(id: string, label = id.slice(0, 7)): Release {
  return { service: 'edge', id, label, createdAt: '2026-11-22T22:00:00Z', metadata: { git: '81ac3f2' } };
}

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const C = `bb${'c'.repeat(62)}`;

describe('releases', () => {
  it('remembers a release, its digests and its mark', () => {
    const state = tempState();
    state.saveRelease(release(A), new Map([['edge-01', 'd1']]));
    state.markRelease('edge', A, 'bad', 'ops', 'edge-01@1 not healthy');
    state.saveRelease(release(A, 'v1'), new Map([['edge-02', 'd2']]));
    expect(state.releases('edge')).toEqual([
      {
        ...release(A, 'v1'),
        mark: 'bad',
        markedBy: 'ops',
        markedAt: '2026-11-22T23:01:05.000Z',
        savedAt: '2026-11-22T23:01:06.000Z',
        reason: 'edge-01@1 not healthy',
        digests: new Map([
          ['edge-01', 'd1'],
          ['edge-02', 'd2'],
        ]),
      },
    ]);
    expect(state.releases('other')).toEqual([]);
  });

  it('gives the release proven last that is not excluded, never a bad one', () => {
    const state = tempState();
    for (const id of [A, B, C]) state.saveRelease(release(id), new Map([['edge-01', id]]));
    expect(state.provenRelease('edge')).toBeUndefined();
    state.markRelease('edge', B, 'proven', 'ops');
    state.markRelease('edge', A, 'proven', 'ops');
    expect(state.provenRelease('edge')?.id).toBe(A);
    expect(state.provenRelease('edge', [A])?.id).toBe(B);
    expect(state.provenRelease('edge', [A, B])).toBeUndefined();
    state.markRelease('edge', A, 'bad', 'ops', 'leaks');
    expect(state.provenRelease('edge')?.id).toBe(B);
    expect(state.provenRelease('edge', [], ['edge-01', 'edge-02'])).toBeUndefined();
  });

  it('is found by id, by label, and by first digits when they are its alone', () => {
    const state = tempState();
    state.saveRelease(release(B, 'v2'), new Map());
    state.saveRelease(release(C, 'v3'), new Map());
    expect(state.release('edge', B)?.id).toBe(B);
    expect(state.release('edge', 'v3')?.id).toBe(C);
    expect(state.release('edge', 'bbbb')?.id).toBe(B);
    expect(state.release('edge', 'bb')).toBeUndefined();
    state.saveRelease(release(`bbbb${'d'.repeat(60)}`, 'v4'), new Map());
    expect(state.release('edge', 'bbbb')).toBeUndefined();
  });

  it('refuses to mark what it does not know', () => {
    expect(() => tempState().markRelease('edge', A, 'proven', 'ops')).toThrow(
      expect.objectContaining({ code: 'PD5007' }),
    );
  });
});
