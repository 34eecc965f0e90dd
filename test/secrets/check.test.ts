import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project } from './project.ts';

/** A project with one file, its key, and the key of somebody else. */
function shared() {
  const p = project();
  const mine = p.run(['keygen']).out.trim();
  p.run(['edit', 'prod'], { TEXT: 'a: a text\\n' });
  const other = project().run(['keygen']).out.trim();
  const people = (...lines: string[]): void =>
    writeFileSync(join(p.dir, 'secrets/.recipients'), `${lines.join('\n')}\n`);
  const short = (key: string): string => `${key.slice(0, 12)}...`;
  return { p, mine, other, people, short };
}

test('says who cannot open a file, and who can and should not', () => {
  const { p, mine, other, people, short } = shared();
  people('# me', mine, '# ada', other);
  const missing = p.run(['check']);
  expect([missing.code, missing.err]).toEqual([
    2,
    expect.stringContaining(
      `error PD2147: not encrypted for ada (${short(other)})\n  secrets/prod.yaml.age:1:1\n  hint: pdeploy secrets rekey`,
    ),
  ]);
  p.run(['rekey']);
  expect(p.run(['check'])).toMatchObject({
    code: 0,
    out: 'secrets/prod.yaml.age  1 secrets for 2 recipients\n',
  });
  people('# me', mine);
  expect(p.run(['check']).err).toContain(`encrypted for ${short(other)}, not in secrets/.recipients\n`);
  // As many as before, and another one.
  const third = project().run(['keygen']).out.trim();
  people(mine, third);
  expect(p.run(['check']).err).toContain(
    `error PD2147: not encrypted for ${short(third)}; encrypted for ${short(other)}, not in secrets/.recipients\n`,
  );
});

test('of a file that age wrote it says what age tells', () => {
  const { p, mine, other, people, short } = shared();
  const file = join(p.dir, 'secrets/prod.yaml.age');
  const seal = (...keys: string[]): Buffer =>
    execFileSync('age', ['-a', '-o', file, ...keys.flatMap((key) => ['-r', key])], { input: 'a: a text\n' });
  seal(mine);
  expect(p.run(['check']).out).toBe('secrets/prod.yaml.age  1 secrets for 1 recipient\n');
  people(mine, other);
  expect(p.run(['check']).err).toContain(
    'error PD2147: encrypted for 1, secrets/.recipients has 2; for whom age',
  );
  // It opens here, and by a key that is not in the list.
  people(other);
  expect(p.run(['check']).err).toContain(
    `error PD2147: encrypted for ${short(mine)}, not in secrets/.recipients\n`,
  );
});

test('a file that cannot be read is told like any other, beside what is empty in the next', () => {
  const { p, mine } = shared();
  const write = (name: string, text: string): void => {
    execFileSync('age', ['-a', '-o', join(p.dir, 'secrets', name), '-r', mine], { input: text });
  };
  write('all.yaml.age', 'edge:\n  db: ""\n  key:\n');
  writeFileSync(join(p.dir, 'secrets/torn.yaml.age'), 'age-encryption.org/v1\n');
  mkdirSync(join(p.dir, 'secrets/folder.age'));
  const ran = p.run(['check']);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('error PD2144: edge.db is empty\n  secrets/all.yaml.age:2:3');
  expect(ran.err).toContain('error PD2144: edge.key is empty\n  secrets/all.yaml.age:3:3');
  expect(ran.err).toMatch(
    /error PD2142: cannot decrypt secrets\/torn.yaml.age: .*\n {2}secrets\/torn.yaml.age:1:1/,
  );
  expect(ran.out).toBe('secrets/prod.yaml.age  1 secrets for 1 recipient\n');
});

test('names that nobody asks for are told, and break nothing', () => {
  const p = project({
    'inventories/prod.yaml': `hosts:
  edge-01: { address: 127.0.0.1, port: 1, vars: { token: !secret edge.token } }
services:
  edge: { on: edge-01, instances: { '1': {} } }
`,
    'playbooks/rollout.ts': playbook('rollout', "secret('edge.db')"),
    'playbooks/keys.ts': playbook('keys', "secret.age('secrets/prod.yaml.age', 'edge.other')"),
  });
  p.run(['keygen']);
  p.run(['edit', 'prod'], {
    TEXT: 'edge: { db: a text, token: another, other: a third, old: a fourth }\\nsite: { old: a fifth }\\n',
  });
  const ran = p.run(['check', '-i', 'prod']);
  expect([ran.code, ran.err]).toEqual([
    0,
    'warning: secrets/prod.yaml.age has edge.old, site.old, which neither prod nor a playbook names\n',
  ]);
  writeFileSync(join(p.dir, 'playbooks/keys.ts'), 'export default 1;\n');
  const unknown = p.run(['check', '-i', 'prod']);
  expect([unknown.code, unknown.err]).toEqual([
    0,
    'Whether a secret is not used cannot be told: playbook keys does not load.\n',
  ]);
});

const playbook = (
  name: string,
  source: string,
): string => `import { definePlaybook, file, secret } from 'pdeploy';
export default definePlaybook({
  name: '${name}',
  service: 'edge',
  secrets: { one: ${source} },
  steps: ({ secrets }) => [file({ path: '/etc/one', content: secrets.one })],
});
`;
