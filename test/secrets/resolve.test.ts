import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { secret } from '../../src/index.ts';
import type { SecretSource } from '../../src/model/secret-source.ts';
import { encryptFile, generateIdentity } from '../../src/secrets/age.ts';
import { resolveSecrets } from '../../src/secrets/resolve.ts';
import { redact } from '../../src/util/redact.ts';
import { tempProject } from '../playbook/temp-project.ts';
import { vaultServer } from './vault-server.ts';

const me = await generateIdentity();
const sealed = (text: string): Promise<string> => encryptFile(Buffer.from(text), [me.recipient]);

function project(files: { readonly [path: string]: string } = {}, env: NodeJS.ProcessEnv = {}) {
  const dir = tempProject({ 'age.key': `# a key\n${me.text}\n`, ...files });
  chmodSync(join(dir, 'age.key'), 0o600);
  return {
    project: dir,
    inventory: 'prod',
    home: dir,
    env: { PDEPLOY_AGE_KEY_FILE: join(dir, 'age.key'), ...env },
  };
}

async function get(source: SecretSource, around: ReturnType<typeof project>): Promise<string> {
  return (await resolveSecrets([{ source, what: 'a test' }], around))(source).reveal();
}

async function problemsOf(sources: readonly SecretSource[], around: ReturnType<typeof project>) {
  try {
    await resolveSecrets(
      sources.map((source) => ({ source, what: 'a test' })),
      around,
    );
  } catch (error) {
    if (error instanceof UsageError) return error.problems.map((p) => `${p.code} ${p.message}`);
    throw error;
  }
  return [];
}

describe('a name alone', () => {
  test('is looked for in the file of the inventory, then in that for all', async () => {
    const around = project({
      'secrets/prod.yaml.age': await sealed('edge:\n  db: text of prod\n'),
      'secrets/all.yaml.age': await sealed('edge: { db: text of all, key: another text }\n'),
    });
    expect(await get(secret('edge.db'), around)).toBe('text of prod');
    expect(await get(secret('edge.key'), around)).toBe('another text');
    expect(await get(secret.age('secrets/all.yaml.age', 'edge.db'), around)).toBe('text of all');
    expect(await problemsOf([secret('edge.kez')], around)).toEqual([
      'PD2141 secret for a test: there is no edge.kez in secrets/prod.yaml.age, nor in secrets/all.yaml.age',
    ]);
    expect(await problemsOf([secret('edge.db')], project())).toEqual([
      'PD2141 secret for a test: there is no file of secrets for edge.db',
    ]);
  });

  test('is taken out of what is shown from then on', async () => {
    const around = project({ 'secrets/prod.yaml.age': await sealed('shown: a secret of the test\n') });
    await get(secret('shown'), around);
    expect(redact('say a secret of the test')).toBe('say <secret shown>');
    expect(redact(`say ${me.text}`)).toBe('say <secret age key>');
  });
});

describe('files', () => {
  test('with something wrong say what and where, and nothing of what is in them', async () => {
    const wrong = {
      'secrets/a.yaml.age': await sealed('key: 0123456\n'),
      'secrets/b.yaml.age': await sealed('ok: a\nkey: "hidden\n'),
      'secrets/c.yaml.age': await sealed('- hidden\n'),
      'secrets/d.yaml.age': await sealed('key:\n'),
      'secrets/e.yaml.age': await sealed('key: " "\n'),
      'secrets/f.yaml.age': await sealed('key: short\n'),
      'secrets/g.yaml.age': 'key: hidden in the clear\n',
      'secrets/h.yaml.age': await sealed('key: [hidden]\n'),
    };
    const sources = Object.keys(wrong).map((file) => secret.age(file, 'key'));
    expect(await problemsOf([...sources, secret.age('none.age', 'key')], project(wrong))).toEqual([
      'PD2142 secret for a test: secrets/a.yaml.age:1:6: a number that would change: put it in quotes',
      expect.stringMatching(/^PD2142 secret for a test: secrets\/b.yaml.age:\d:\d+: it is not valid YAML$/),
      'PD2142 secret for a test: secrets/c.yaml.age: it is not a mapping of names',
      'PD2144 secret for a test: key in secrets/d.yaml.age is empty',
      'PD2144 secret for a test: key in secrets/e.yaml.age is empty',
      'PD2136 secret for a test: the secret "key" has less than 6 characters',
      'PD2142 secret for a test: cannot decrypt secrets/g.yaml.age: it is no file of age, or its header is damaged',
      'PD2142 secret for a test: key in secrets/h.yaml.age is not a text: put it in quotes',
      'PD2142 secret for a test: cannot read none.age: there is no such file',
    ]);
  });

  test('need a key that only its owner can read', async () => {
    const files = { 'secrets/prod.yaml.age': await sealed('key: a text\n') };
    const around = project(files);
    chmodSync(join(around.project, 'age.key'), 0o640);
    expect((await problemsOf([secret('key')], around))[0]).toContain('others may read the age key');
    const without = project(files, { PDEPLOY_AGE_KEY_FILE: '/nowhere/key' });
    expect((await problemsOf([secret('key')], without))[0]).toContain('no age key: /nowhere/key');
    const strange = project({ ...files, 'age.key': `${(await generateIdentity()).text}\n` });
    expect((await problemsOf([secret('key')], strange))[0]).toMatch(
      /no key in .* opens secrets\/prod.yaml.age/,
    );
  });

  test('in the clear, variables and programs give their text, without the end of a single line', async () => {
    const around = project({ 'a.txt': 'one line\n', 'b.pem': 'two\nlines\n' }, { EDGE_KEY: 'of the CI' });
    expect(await get(secret.file('a.txt'), around)).toBe('one line');
    expect(await get(secret.file('b.pem'), around)).toBe('two\nlines\n');
    expect(await get(secret.file('~/a.txt'), around)).toBe('one line');
    expect(await get(secret.env('EDGE_KEY'), around)).toBe('of the CI');
    expect(await get(secret.exec(['/bin/echo', 'a  b $HOME']), around)).toBe('a  b $HOME');
    expect(
      await problemsOf(
        [
          secret.file('none'),
          secret.file('.'),
          secret.env('NOT_SET'),
          secret.exec(['/bin/sh', '-c', 'echo not this; echo why >&2; exit 3']),
          secret.exec(['no-such-program']),
          secret.exec(['/bin/true']),
        ],
        around,
      ),
    ).toEqual([
      'PD2141 secret for a test: cannot read none: there is no such file',
      'PD2142 secret for a test: . is not a file',
      'PD2141 secret for a test: NOT_SET is not set in the environment',
      'PD2145 secret for a test: /bin/sh ended with 3: why',
      'PD2145 secret for a test: no-such-program: there is no such program',
      'PD2144 secret for a test: the program /bin/true is empty',
    ]);
  });

  test('of SOPS are decrypted by the program sops', async () => {
    // As sops does it: `--decrypt --output-type json FILE` prints the tree in the clear, on standard output.
    const sops = `#!/bin/sh
[ "$1 $2 $3" = "--decrypt --output-type json" ] || exit 64
case $4 in *broken*) echo "Error getting data key" >&2; exit 128;; *) echo '{"edge":{"db":"text of sops"}}';; esac
`;
    const around = project({
      'bin/sops': sops,
      'secrets/prod.sops.yaml': 'edge:\n  db: ENC[...]\nsops: {}\n',
      'secrets/broken.sops.yaml': '',
    });
    chmodSync(join(around.project, 'bin/sops'), 0o755);
    const withSops = { ...around, env: { ...around.env, PATH: `${around.project}/bin:/usr/bin:/bin` } };
    expect(await get(secret('edge.db'), withSops)).toBe('text of sops');
    expect(await problemsOf([secret.sops('secrets/broken.sops.yaml', 'a')], withSops)).toEqual([
      'PD2145 secret for a test: sops ended with 128: Error getting data key',
    ]);
    const without = { ...around, env: { ...around.env, PATH: '/nowhere' } };
    expect(await problemsOf([secret('edge.db')], without)).toEqual([
      'PD2145 secret for a test: sops: there is no such program',
    ]);
  });
});

describe('Vault', () => {
  test('is asked once for a key, with the token and the namespace', async () => {
    const vault = await vaultServer({ 'secret/edge/prod': { db: 'text of Vault' } }, 's.token-of-test');
    const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: 's.token-of-test', VAULT_NAMESPACE: 'team' };
    expect(await get(secret.vault('secret/edge/prod', 'db'), project({}, env))).toBe('text of Vault');
    const byFile = project({ '.vault-token': 's.token-of-test\n' }, { VAULT_ADDR: vault.address });
    expect(await get(secret.vault('secret/edge/prod', 'db'), byFile)).toBe('text of Vault');
    expect(vault.asked).toEqual(['GET /v1/secret/data/edge/prod team', 'GET /v1/secret/data/edge/prod']);
  });

  test('that says no, or something else, is told as what it is', async () => {
    const vault = await vaultServer(
      { 'secret/a': { db: 1 }, 'secret/gone': null, 'secret/odd': 'text' },
      's.token-of-test',
    );
    const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: 's.token-of-test' };
    const [a, gone, odd, none, sealedUp] = [
      'secret/a',
      'secret/gone',
      'secret/odd',
      'secret/none',
      'sealed/a',
    ].map((path) => secret.vault(path, 'db'));
    expect(
      await problemsOf(
        [
          a,
          gone,
          odd,
          none,
          sealedUp,
          secret.vault('secret/a', 'other'),
          secret.vault('secret', 'db'),
        ].filter((s) => s !== undefined),
        project({}, env),
      ),
    ).toEqual([
      'PD2146 secret for a test: db in secret/a of Vault is not a text',
      'PD2141 secret for a test: there is no secret/gone in Vault, or its newest version was deleted',
      'PD2146 secret for a test: what Vault answers for secret/odd is not a secret',
      'PD2141 secret for a test: there is no secret/none in Vault, or its newest version was deleted',
      'PD2146 secret for a test: Vault is sealed or not the active node',
      'PD2141 secret for a test: there is no other in secret/a of Vault',
      'PD2146 secret for a test: "secret" is not a path of Vault',
    ]);
    const one = [secret.vault('secret/a', 'db')];
    const said = async (more: NodeJS.ProcessEnv) =>
      (await problemsOf(one, project({}, { ...env, ...more })))[0];
    expect(await said({ VAULT_TOKEN: 'another' })).toContain('does not let this token read secret/a');
    expect(await said({ VAULT_TOKEN: '' })).toContain('no token for Vault');
    expect(await said({ VAULT_ADDR: '' })).toContain('VAULT_ADDR is not set');
    expect(await said({ VAULT_ADDR: 'http://vault.example' })).toContain('not an https URL');
    expect(await said({ VAULT_ADDR: 'http://127.0.0.1:1' })).toContain('does not answer: ECONNREFUSED');
  });
});

test('whatever the source, the text is taken out of what is shown from then on', async () => {
  const texts = ['named', 'age', 'sops', 'env', 'file', 'exec', 'vault'].map((kind) => `the text of ${kind}`);
  const vault = await vaultServer({ 'secret/a': { key: 'the text of vault' } }, 's.token-of-test');
  const around = project(
    {
      'secrets/prod.yaml.age': await sealed('a: the text of named\nb: the text of age\n'),
      'bin/sops': `#!/bin/sh\necho '{"c":"the text of sops"}'\n`,
      'd.txt': 'the text of file\n',
    },
    { VAULT_ADDR: vault.address, VAULT_TOKEN: 's.token-of-test', OF_ENV: 'the text of env' },
  );
  chmodSync(join(around.project, 'bin/sops'), 0o755);
  Object.assign(around.env, { PATH: `${around.project}/bin:/usr/bin:/bin` });
  const sources = [
    secret('a'),
    secret.age('secrets/prod.yaml.age', 'b'),
    secret.sops('any', 'c'),
    secret.env('OF_ENV'),
    secret.file('d.txt'),
    secret.exec(['cat', '-s', 'e.txt']),
    secret.vault('secret/a', 'key'),
  ];
  writeFileSync(join(around.project, 'e.txt'), 'the text of exec\n');
  await resolveSecrets(
    sources.map((source) => ({ source, what: 'a test' })),
    around,
  );
  const shown = texts.map((text) => redact(`${text}, ${Buffer.from(text).toString('base64')}`));
  expect(shown.map((text) => /^<secret [^>]*>, <secret [^>]*>/.test(text))).toEqual(texts.map(() => true));
  expect(redact('s.token-of-test')).toBe('<secret VAULT_TOKEN>');
});
