import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { PDEPLOY, project } from './project.ts';

const decrypted = (p: ReturnType<typeof project>, file: string): string =>
  execFileSync('age', ['-d', '-i', p.key, join(p.dir, file)], { encoding: 'utf8' });

describe('pdeploy secrets', () => {
  test('from a key to a file that age can open, and back', () => {
    const p = project();
    expect(p.run(['edit', 'prod']).err).toContain('error PD2147: there is no secrets/.recipients');
    const made = p.run(['keygen']);
    expect(made.code, made.err).toBe(0);
    expect(p.run(['keygen']).out).toBe(made.out);
    expect(p.read('secrets/.recipients')).toContain(`\n${made.out}`);
    const edited = p.run(['edit', 'prod'], { TEXT: 'edge:\\n  db: a long text\\n' });
    expect(edited.code, edited.err).toBe(0);
    expect(decrypted(p, 'secrets/prod.yaml.age')).toBe('edge:\n  db: a long text\n');
    const before = p.read('secrets/prod.yaml.age');
    expect(p.run(['edit', 'prod']).err).toContain('Nothing has been changed.');
    expect(p.read('before')).toBe('edge:\n  db: a long text\n');
    expect(p.read('secrets/prod.yaml.age')).toBe(before);
    execFileSync(
      'age',
      ['-R', join(p.dir, 'secrets/.recipients'), '-a', '-o', join(p.dir, 'secrets/all.yaml.age')],
      {
        input: 'key: from the program age\n',
      },
    );
    expect(p.run(['check']).out).toBe(
      'secrets/all.yaml.age  1 secrets for 1 recipient\nsecrets/prod.yaml.age  1 secrets for 1 recipient\n',
    );
  });

  test('edits in memory, where nobody else can look, and leaves nothing there', () => {
    const p = project();
    p.run(['keygen']);
    for (const AFTER of ['exit 0', 'exit 1', 'kill -9 $PPID'])
      p.run(['edit', 'prod'], { TEXT: 'a: a text\\n', AFTER });
    const log = p.read('log').trim().split('\n');
    expect([log[0], log[1], log[2]]).toEqual(['700', '600', 'tmpfs']);
    // The one whose program was killed is removed by the next.
    p.run(['edit', 'prod']);
    expect(
      p
        .read('log')
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('/') && existsSync(line)),
    ).toEqual([]);
  });

  test('is ended by a signal: the editor with it, and nothing is left', async () => {
    const p = project();
    p.run(['keygen']);
    const child: ChildProcess = spawn(process.execPath, [PDEPLOY, 'secrets', 'edit', 'prod'], {
      cwd: p.dir,
      env: { ...p.env, TEXT: 'a: hidden text\\n', AFTER: 'exec sleep 300' },
      stdio: 'ignore',
    });
    const file = await vi.waitUntil(
      () => existsSync(join(p.dir, 'before')) && p.read('log').trim().split('\n').at(-1),
      {
        timeout: 20_000,
      },
    );
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(existsSync(String(file))).toBe(false);
    expect(readdirSync(join(p.dir, 'secrets'))).toEqual(['.recipients']);
  });

  test('writes nothing that is wrong, and says nothing of it but where', () => {
    const p = project();
    p.run(['keygen']);
    const TEXT = 'edge:\\n  db: hide\\n  key:\\n  n: 1234567\\n';
    const ran = p.run(['edit', 'prod'], { TEXT });
    expect(ran.code).toBe(2);
    expect(ran.err).toBe(`error PD2136: edge.db has less than 6 characters
  secrets/prod.yaml.age:2:3
error PD2144: edge.key is empty
  secrets/prod.yaml.age:3:3
error PD2142: edge.n is not a text: put it in quotes
  secrets/prod.yaml.age:4:3
3 problems. Nothing was contacted.
`);
    expect(existsSync(join(p.dir, 'secrets/prod.yaml.age'))).toBe(false);
    const failed = p.run(['edit', 'prod'], { TEXT: 'a: a text\\n', AFTER: 'exit 4' });
    expect([failed.code, failed.err]).toEqual([
      3,
      expect.stringContaining('error PD2148: the editor ./editor.sh ended with 4'),
    ]);
  });

  test('encrypts a file, and check finds what is still in the clear', () => {
    const p = project({
      'secrets/prod.yaml': 'a: in the clear\n',
      'secrets/x.sops.yaml': 'a: ENC[]\nsops:\n  mac: a\n',
    });
    p.run(['keygen']);
    const ran = p.run(['encrypt', 'secrets/prod.yaml']);
    expect(ran.err).toContain('still there in the clear');
    expect(decrypted(p, 'secrets/prod.yaml.age')).toBe('a: in the clear\n');
    const check = p.run(['check']);
    expect(check.code).toBe(2);
    expect(check.err).toContain('error PD2149: not encrypted\n  secrets/prod.yaml:1:1');
    expect(check.err).not.toContain('in the clear');
  });

  test('rekey lets another person in and a former one out', () => {
    const p = project();
    p.run(['keygen']);
    p.run(['edit', 'prod'], { TEXT: 'a: a text\\n' });
    const other = project();
    const key = other.run(['keygen']).out.trim();
    const asOther = { PDEPLOY_AGE_KEY_FILE: other.key };
    const recipients = p.read('secrets/.recipients');
    writeFileSync(join(p.dir, 'secrets/.recipients'), `${recipients}# other\n${key}\n`);
    expect(p.run(['check'], asOther).err).toMatch(/error PD2142: no key in .* opens secrets\/prod.yaml.age/);
    expect(p.run(['check']).err).toContain('error PD2147: not encrypted for other (age1');
    expect(p.run(['rekey']).err).toContain('secrets/prod.yaml.age: for 2 recipients');
    expect(p.run(['check'], asOther).out).toContain('1 secrets for 2 recipients');
    writeFileSync(join(p.dir, 'secrets/.recipients'), `${key}\n`);
    expect(p.run(['rekey']).err).toContain('Your own key is not in secrets/.recipients');
    expect(p.run(['check']).code).toBe(2);
    expect(p.run(['check'], asOther).code).toBe(0);
    writeFileSync(join(p.dir, 'secrets/.recipients'), 'ssh-ed25519 AAAA\n');
    expect(p.run(['rekey'], asOther).err).toContain(
      'error PD2147: not the public key of an age identity\n  secrets/.recipients:1:1',
    );
  });
});

test('all that a playbook and an inventory name is there before a host is contacted, or each is told with its place', () => {
  const p = project({
    'inventories/prod.yaml': `hosts:
  edge-01: { address: 127.0.0.1, port: 1, vars: { token: !secret { env: EDGE_TOKEN } } }
services:
  edge: { on: edge-01, instances: { '1': { own: !secret edge.own } } }
`,
    'playbooks/rollout.ts': `import { definePlaybook, file, secret, secretOf, z } from 'pdeploy';
export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ token: secret.variable() }),
  secrets: {
    db: secret('edge.db'),
  },
  steps: ({ secrets, vars, instances }) =>
    [secrets.db, vars.token, ...instances.map((i) => secretOf(i, 'own'))].map((content, n) => file({ path: '/etc/s' + n, content })),
});
`,
  });
  p.run(['keygen']);
  p.run(['edit', 'prod'], { TEXT: 'edge: { dc: a text }\\n' });
  const plan = (env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [PDEPLOY, 'plan', '-i', 'prod'], {
      cwd: p.dir,
      encoding: 'utf8',
      env: { ...p.env, ...env },
    });
  const refused = plan();
  expect(refused.status).toBe(2);
  expect(
    refused.stderr,
  ).toBe(`error PD2141: secret for secrets.db of playbook rollout: there is no edge.db in secrets/prod.yaml.age
  playbooks/rollout.ts:7:5
  hint: did you mean "edge.dc"?
error PD2141: secret for token of edge-01: EDGE_TOKEN is not set in the environment
  inventories/prod.yaml:2:58
error PD2141: secret for own of edge-01@1: there is no edge.own in secrets/prod.yaml.age
  inventories/prod.yaml:4:49
3 problems. Nothing was contacted.
`);
  p.run(['edit', 'prod'], { TEXT: 'edge: { db: a text, own: another }\\n' });
  expect(p.run(['check', '-i', 'prod'], { EDGE_TOKEN: 'a token' }).out).toContain(
    'have all secrets that they name',
  );
  // Now the host is asked, and there is none.
  const asked = plan({ EDGE_TOKEN: 'a token' });
  expect(asked.stderr).toContain('cannot be reached: edge-01');
});
