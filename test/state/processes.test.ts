import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planOf } from '../arbitraries/plan.ts';
import { started } from './bodies.ts';
import { tempDir, tempState } from './temp-state.ts';

const SCRIPT = join(import.meta.dirname, 'append-loop.ts');

function appendLoop(...args: string[]): { child: ChildProcess; lines: () => number[] } {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  return { child, lines: () => text.split('\n').slice(0, -1).map(Number) };
}

describe('two processes', () => {
  it('append to one store at once: no event is lost and the chain holds', async () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    state.appendEvent(id, started(), 0);
    const loops = ['a', 'b'].map((who) => appendLoop(dir, id, '150', who));
    const codes = await Promise.all(loops.map(async (loop) => (await once(loop.child, 'close'))[0]));
    expect(codes).toEqual([0, 0]);
    expect(state.events(id).map((e) => e.seq)).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
    expect(state.verifyChain()).toMatchObject({ ok: true, events: 301 });
  });

  it('make the store together on its first use', async () => {
    const dir = join(tempDir(), 'fresh');
    const loops = ['a', 'b', 'c', 'd'].map((who) => appendLoop(dir, 'none', '0', who));
    const codes = await Promise.all(loops.map(async (loop) => (await once(loop.child, 'close'))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
  });

  it('one killed while it appends leaves a chain that holds, with all it had reported', async () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    state.appendEvent(id, started(), 0);
    for (let round = 0; round < 5; round++) {
      const loop = appendLoop(dir, id, '100000', `round ${round}`);
      while (loop.lines().length < 5 + round * 7) await once(loop.child.stdout ?? loop.child, 'data');
      loop.child.kill('SIGKILL');
      await once(loop.child, 'close');
      const seqs = state.events(id).map((e) => e.seq);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
      expect(seqs.length).toBeGreaterThanOrEqual(loop.lines().at(-1) ?? Number.POSITIVE_INFINITY);
      expect(state.verifyChain()).toMatchObject({ ok: true, events: seqs.length });
    }
    expect(state.appendEvent(id, { type: 'prepare.completed' }, 1).seq).toBe(state.events(id).length);
  });
});
