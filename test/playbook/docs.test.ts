import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as api from '../../src/index.ts';
import { lintRelease } from '../../src/pingora/lint/release.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { aHost } from '../resource/sample.ts';
import { tempProject } from './temp-project.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const examples = (name: string): readonly string[] =>
  [...page(name).matchAll(/```ts\n(import .*?)```/gs)].map((m) => m[1] ?? '');

test('the example of a playbook works', async () => {
  const [first = ''] = examples('playbooks.md');
  const dir = tempProject({ 'rollout.ts': first, 'edge.yaml': 'port: {{ port }}\nworkers: {{ workers }}\n' });
  const { playbook } = await loadPlaybook(join(dir, 'rollout.ts'));
  const { steps, deploys } = compileSteps(playbook, aHost({ vars: { binary: './edge' } }), 'edge', 'v1');
  expect(deploys).toBe(true);
  expect(steps.map((s) => s.id)).toEqual(['user:edge', 'release', 'unit', 'service']);
});

test('so does the one that extends it', async () => {
  const [first = '', second = ''] = examples('playbooks.md');
  const dir = tempProject({ 'rollout.ts': first, 'fast.ts': second });
  expect((await loadPlaybook(join(dir, 'fast.ts'))).playbook).toMatchObject({
    name: 'rollout-fast',
    strategy: { canary: 1 },
  });
});

test('and the one of a Pingora service', async () => {
  const [first = ''] = examples('pingora.md');
  const dir = tempProject({ 'rollout.ts': first });
  const { playbook } = await loadPlaybook(join(dir, 'rollout.ts'));
  const host = aHost({ vars: { binary: './edge' } });
  const { steps } = compileSteps(playbook, host, 'edge', 'v1');
  expect(steps.map((s) => s.id)).toEqual(['user:edge', 'release', 'unit', 'service']);
  expect(lintRelease(host.name, steps)).toEqual([]);
});

test("and a kind of one's own", async () => {
  const [kind = ''] = examples('resources.md');
  const dir = tempProject({
    'timezone.ts': kind,
    'p.ts':
      "import { definePlaybook } from 'pdeploy';\nimport { timezone } from './timezone.ts';\nexport default definePlaybook({ name: 'p', service: 'edge', steps: () => [timezone('utc', { zone: 'Etc/UTC' })] });\n",
  });
  const { playbook } = await loadPlaybook(join(dir, 'p.ts'));
  expect(compileSteps(playbook, aHost(), 'edge', 'v1')).toMatchObject({
    deploys: false,
    steps: [{ id: 'timezone:utc' }],
  });
});

test('every function that a playbook can import is in the pages', () => {
  const words = page('playbooks.md') + page('resources.md');
  const functions = Object.keys(api).filter((name) => !['isPlaybook', 'UsageError', 'z'].includes(name));
  expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(words))).toEqual([]);
});

test('the example of the page about secrets gets them and compiles', async () => {
  const [example = ''] = examples('secrets.md');
  const dir = tempProject({ 'p.ts': example, 'db.conf': 'password: {{ password }}\n' });
  const { playbook } = await loadPlaybook(join(dir, 'p.ts'));
  const sources = [...playbook.secrets].map(([name, { kind }]) => [name, kind]);
  expect(sources).toEqual([
    ['db', 'named'],
    ['token', 'env'],
  ]);
  const secrets = {
    db: new api.Secret('edge.db', 'text of db'),
    token: new api.Secret('token', 'text of token'),
  };
  const filled: api.Playbook = { ...playbook, steps: (ctx) => playbook.steps({ ...ctx, secrets }) };
  const { steps } = compileSteps(filled, aHost(), 'edge', 'v1');
  expect(JSON.stringify(steps)).toContain('<secret token>');
});
