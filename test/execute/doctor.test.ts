import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeAttempts } from '../../src/execute/doctor.ts';
import { examineHere } from '../../src/execute/doctor-here.ts';
import { runLocal } from '../../src/execute/local-command.ts';
import { testHost } from '../transport/support/hosts.ts';

let project = '';
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'pdeploy-doctor-'));
  mkdirSync(join(project, 'keys'));
  for (const name of ['open', 'ignored', 'kept'])
    writeFileSync(join(project, 'keys', name), 'key', { mode: 0o600 });
  chmodSync(join(project, 'keys/open'), 0o640);
  writeFileSync(join(project, '.gitignore'), 'keys/ignored\nkeys/open\n');
  writeFileSync(join(project, 'file'), '');
  await runLocal(['git', 'init', '-q'], { timeoutMs: 10_000, cwd: project });
});
afterAll(() => rmSync(project, { recursive: true }));

const examine = (state: string, ...keys: string[]) =>
  examineHere({
    project,
    state,
    hosts: [testHost({ identities: keys.map((name) => join(project, 'keys', name)) })],
    env: process.env,
  });

test('a private key is to be its owner’s, and out of the repository', async () => {
  const checks = await examine(join(project, '.pdeploy'), 'open', 'ignored', 'kept', 'absent');
  const keys = checks.filter((check) => check.what === 'key');
  expect(keys.map(({ level, text }) => [level, text.replace(project, '')])).toEqual([
    ['fail', '/keys/open can be read by others (640): chmod 600'],
    ['ok', '/keys/ignored'],
    ['fail', 'keys/kept is not ignored by git'],
    ['warn', '/keys/absent cannot be read: ENOENT'],
  ]);
  expect(checks.find((check) => check.what === 'record')).toMatchObject({ level: 'ok' });
});

test('a record below a file cannot be written', async () => {
  const checks = await examine(join(project, 'file', '.pdeploy'));
  expect(checks.find((check) => check.what === 'record')).toMatchObject({ level: 'fail' });
});

test('every attempt has to be refused, and one that nobody can judge is no refusal', () => {
  const attempt = (name: string, outcome: 'refused' | 'allowed' | 'unclear') => ({
    name,
    outcome,
    why: 'late',
  });
  expect(judgeAttempts([attempt('a', 'refused'), attempt('b', 'refused')])).toMatchObject({ level: 'ok' });
  expect(judgeAttempts([attempt('a', 'allowed'), attempt('b', 'unclear')])).toMatchObject({
    level: 'fail',
    text: 'the key also gets: a',
  });
  expect(judgeAttempts([attempt('a', 'refused'), attempt('b', 'unclear')])).toMatchObject({
    level: 'warn',
    text: 'not sure of: b (late)',
  });
});
