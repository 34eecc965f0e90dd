import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { watch } from './process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'pdeploy-demo-'));
const path = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !existsSync(join(folder, 'cargo')))
  .join(delimiter);
const env = { ...process.env, PATH: path, XDG_STATE_HOME: dir, PDEPLOY_STATE_DIR: join(dir, 'state') };

const run = (...args: string[]) =>
  watch(spawn(process.execPath, args, { cwd: dir, env, stdio: 'pipe' }), { limitMs: 170_000 }).done;

afterAll(async () => {
  await run(join(ROOT, 'bin/pdeploy'), 'lab', 'down');
  rmSync(dir, { recursive: true, force: true });
});

test('the demo tells its story on a machine without cargo too', async () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { demo: string };
  };
  const ran = await run(join(ROOT, scripts.demo.replace(/^node /, '')));
  expect(ran.code, ran.text).toBe(0);
  expect(ran.text).toContain('cargo is not on this machine: the demo deploys Debian');
  for (const words of [
    'Plan: 3 starts on 3 hosts',
    'Plan: 3 restarts on 3 hosts',
    '2 instances were never touched: edge-02@1, edge-03@1.',
    'is marked bad',
    'The fleet is up.',
  ])
    expect(ran.text).toContain(words);
});
