import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/registry.ts';

const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-cli-'));
  mkdirSync(join(dir, 'inventories'));
  writeFileSync(join(dir, 'inventories/bad.yaml'), 'hosts:\n  a: { address: 127.0.0.1, prot: 2222 }\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function pdeploy(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [PDEPLOY, ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test('help names every command, on standard output, and changes nothing', () => {
  const help = pdeploy(['--help']);
  expect(help.status).toBe(0);
  for (const { usage } of COMMANDS) expect(help.stdout).toContain(`pdeploy ${usage}`);
  expect(help.stderr).toBe('');
});

test.each([
  [['rolout'], 2, 'Did you mean rollout?'],
  [['rollout', '--bogus'], 2, 'Unknown argument: bogus'],
  [[], 2, 'Which command?'],
  [['plan'], 2, 'error PD2222: which inventory?'],
  [['plan', '-i', 'nowhere'], 2, 'nowhere'],
  [['plan', '-i', 'bad'], 2, 'did you mean "port"?'],
  [['status', '-i', 'bad', '--limit', 'x'], 2, 'unknown key "prot"'],
  [['resume'], 3, 'error PD5007'],
  [['pause'], 3, 'error PD4011: no deployment is running here'],
] as const)('%j exits %i and says why', (args, code, words) => {
  const ran = pdeploy(args);
  expect(ran.stderr).toContain(words);
  expect([ran.status, ran.stdout]).toEqual([code, '']);
});

test('an environment variable stands for a flag, also where other commands do not know it', () => {
  expect(pdeploy(['plan'], { PDEPLOY_INVENTORY: 'bad' }).stderr).toContain('inventories/bad.yaml:2:28');
  expect(pdeploy(['history'], { PDEPLOY_INVENTORY: 'bad', PDEPLOY_LIMIT: 'x' }).status).toBe(0);
});

test('the help of a command runs nothing', () => {
  for (const name of ['rollout', 'lab', 'lock', 'hosts']) {
    const help = pdeploy([name, '--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain(`pdeploy ${name}`);
  }
});

test('check finds what is wrong in files, and exits 2 for an error only', () => {
  writeFileSync(
    join(dir, 'edge.yaml'),
    'version: 1\nserver:\n  threads: 0\nupgrade_sock: /run/edge/1/sock\n',
  );
  writeFileSync(join(dir, 'edge.service'), '[Service]\nTimeoutStopSec=11min\n');
  const bad = pdeploy(['check', 'edge.yaml', 'edge.service']);
  expect([bad.status, bad.stderr]).toEqual([2, '']);
  expect(bad.stdout).toContain('edge.yaml:3:3 error misplaced-key (PD2602)');
  const allowed = pdeploy(['check', 'edge.yaml', '--allow', 'misplaced-key', '-o', 'json']);
  expect(allowed.status).toBe(0);
  expect(JSON.parse(allowed.stdout)).toMatchObject([
    { rule: 'no-grace', severity: 'warning', line: 1 },
    { rule: 'no-grace', severity: 'warning', line: 1 },
  ]);
  expect(pdeploy(['check']).stderr).toContain('PD2222');
  for (const [args, words] of [
    [['nowhere.yaml'], 'PD2229'],
    [['edge.txt'], 'neither a configuration nor a unit'],
    [['edge.yaml', '--allow', 'everything'], 'there is no such rule'],
    [['edge.yaml', '--pingora', 'new'], 'expected a version'],
    [['edge.yaml', '--drain', 'long'], 'expected a duration'],
  ] as const) {
    const wrong = pdeploy(['check', ...args]);
    expect([wrong.status, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain(words);
  }
});

test('check without files renders the playbook, with no host and no binary', () => {
  writeFileSync(
    join(dir, 'inventories/good.yaml'),
    'hosts:\n  a: { address: 192.0.2.1 }\n  b: { address: 192.0.2.2 }\nvars: { binary: ./none }\nservices:\n  edge: { on: all, instances: { "1": { port: 81, admin_port: 82, metrics_port: 83 } } }\n',
  );
  const good = pdeploy(['check', '-i', 'good']);
  expect([good.status, good.stdout]).toEqual([0, 'playbook rollout, 2 hosts checked, nothing found.\n']);
  writeFileSync(
    join(dir, 'token.ts'),
    `import { definePlaybook, file, secret } from 'pdeploy';
     export default definePlaybook({ name: 'token', service: 'edge', secrets: { t: secret.env('PDEPLOY_TEST_UNSET') },
       steps: ({ secrets }) => [file({ path: '/etc/t', content: secrets.t })] });`,
  );
  expect(pdeploy(['check', '-i', 'good', '--playbook', './token.ts']).stdout).toContain('nothing found');
  const old = pdeploy(['check', '-i', 'good', '--pingora', '0.7.0', '-o', 'json']);
  expect(old.status).toBe(2);
  expect(JSON.parse(old.stdout)).toMatchObject([
    { rule: 'vulnerable-version', severity: 'error', file: 'a:config/1.yaml' },
    { rule: 'restrict-suid', severity: 'warning', file: 'a:unit' },
  ]);
});
