import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateStores } from '../../src/certs/acme/store.ts';
import { generateIdentity } from '../../src/secrets/age.ts';
import { ageSeal } from '../../src/secrets/seal.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-store-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const kept = (file: string): string => join(dir, 'certs/site', file);

/** A project whose secrets are for one key. */
async function seal() {
  const { recipient, text } = await generateIdentity();
  mkdirSync(join(dir, 'secrets'), { recursive: true });
  writeFileSync(join(dir, 'secrets/.recipients'), `${recipient.text}\n`);
  writeFileSync(join(dir, 'age.key'), `${text}\n`, { mode: 0o600 });
  const env = { PDEPLOY_AGE_KEY_FILE: join(dir, 'age.key') };
  return ageSeal({ project: dir, inventory: 'prod', env, home: dir });
}

test('what a CA gave is kept for the owner alone', async () => {
  const store = certificateStores(dir).of('site');
  expect(await store.current()).toBe(undefined);
  expect(await store.state()).toEqual({ failures: 0, retryAt: 0, lastError: '' });
  await store.save('the pem');
  expect([await store.current(), statSync(kept('current.pem')).mode & 0o777]).toEqual(['the pem', 0o600]);
  await store.note({ failures: 2, retryAt: 5, lastError: 'no' });
  expect(await store.state()).toMatchObject({ failures: 2, retryAt: 5 });
});

test('where the project has recipients it is sealed, and nothing stays open beside it', async () => {
  await certificateStores(dir).of('site').save('the old pem');
  const sealed = certificateStores(dir, await seal()).of('site');
  expect(await sealed.current()).toBe('the old pem');
  await sealed.save('the new pem');
  expect(await sealed.current()).toBe('the new pem');
  expect(existsSync(kept('current.pem'))).toBe(false);
  const raw = readFileSync(kept('current.pem.age'), 'utf8');
  expect(raw).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
  expect(raw).not.toContain('pem');
});

test('an account key is made once for each CA', async () => {
  const stores = certificateStores(dir, await seal());
  let made = 0;
  const make = async (): Promise<string> => {
    made += 1;
    return `key ${made}`;
  };
  expect(await stores.account('https://a.test', make)).toBe('key 1');
  expect(await stores.account('https://a.test', make)).toBe('key 1');
  expect(await stores.account('https://b.test', make)).toBe('key 2');
});

test('without recipients there is no seal, without the right key nothing is opened', async () => {
  expect(ageSeal({ project: dir, inventory: 'prod', env: {}, home: dir })).toBe(undefined);
  await certificateStores(dir, await seal())
    .of('site')
    .save('the pem');
  await expect(
    certificateStores(dir, await seal())
      .of('site')
      .current(),
  ).rejects.toThrow('cannot be opened with');
});
