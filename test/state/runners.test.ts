import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planOf } from '../arbitraries/plan.ts';
import { started } from './bodies.ts';
import { tempDir, tempState } from './temp-state.ts';

const SCRIPT = join(import.meta.dirname, 'run-forever.ts');

async function controllerOf(dir: string, id: string) {
  const child = spawn(process.execPath, [SCRIPT, dir, id], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

function state() {
  const dir = tempDir();
  const store = tempState(dir);
  const id = store.createDeployment(planOf(1));
  store.appendEvent(id, started(), 0);
  return { dir, store, id };
}

describe('the process that performs a deployment', () => {
  it('is known to be alive, and refuses a second one', async () => {
    const { dir, store, id } = state();
    expect(store.runner(id)).toBeUndefined();
    const child = await controllerOf(dir, id);
    expect(store.runner(id)).toMatchObject({ pid: child.pid, alive: 'yes' });
    expect(store.running().map((r) => r.deployment)).toEqual([id]);
    expect(() => store.startRunning(id)).toThrow(expect.objectContaining({ code: 'PD5008' }));
  });

  it('is known to be dead once it was killed, and another may take over', async () => {
    const { dir, store, id } = state();
    const child = await controllerOf(dir, id);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(store.runner(id)?.alive).toBe('no');
    expect(store.running()).toEqual([]);
    store.startRunning(id);
    expect(store.runner(id)).toMatchObject({ pid: process.pid, alive: 'yes' });
    store.startRunning(id);
    store.stopRunning(id);
    expect(store.runner(id)).toBeUndefined();
  });

  it.each([
    ['another owner of the pid', `UPDATE runners SET start_time = '1'`, 'no'],
    ['an earlier boot', `UPDATE runners SET boot_id = 'before'`, 'no'],
    ['another machine', `UPDATE runners SET hostname = 'elsewhere'`, 'unknown'],
  ])('%s', (_name, sql, alive) => {
    const { dir, store, id } = state();
    store.startRunning(id);
    const db = new DatabaseSync(join(dir, 'state.db'));
    db.exec(sql);
    db.close();
    expect(store.runner(id)?.alive).toBe(alive);
  });
});
