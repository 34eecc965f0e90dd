import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DnsRecord, updateDns } from '../../src/certs/acme/dns.ts';
import { keyText, type Named, startNamed } from './named.ts';

const NAME = '_acme-challenge.dyn.test';

let dir = '';
let named: Named;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-named-'));
  named = await startNamed(join(dir, 'named'), 'dyn.test');
});
afterAll(async () => {
  await named.stop();
  rmSync(dir, { recursive: true, force: true });
});

const update = (action: DnsRecord['action'], value: string, over: object = {}): Promise<void> =>
  updateDns(
    {
      kind: 'rfc2136',
      server: named.server,
      keyFile: named.keyFile,
      waitMs: 0,
      verify: false,
      ...over,
    },
    { action, domain: 'dyn.test', name: NAME, value },
    dir,
  );

// Each goes on from where the one before has left the zone.
describe('DNS updates that BIND takes', { shuffle: false }, () => {
  test('a name and its wildcard have a record each, and one goes without the other', async () => {
    await update('present', 'of-the-name');
    await update('present', 'of-the-wildcard', { zone: 'dyn.test' });
    expect(await named.texts(NAME)).toEqual(['of-the-name', 'of-the-wildcard']);
    await update('remove', 'of-the-name');
    expect(await named.texts(NAME)).toEqual(['of-the-wildcard']);
    // What is gone can be removed again: a try that was cut off does so.
    await update('remove', 'of-the-name');
    await update('remove', 'of-the-wildcard');
    expect(await named.texts(NAME)).toEqual([]);
  });

  test('what it refuses is told with its reason', async () => {
    const keyFile = join(dir, 'other.key');
    writeFileSync(keyFile, keyText('acme'), { mode: 0o600 });
    await expect(update('present', 'x', { keyFile })).rejects.toThrow(/nsupdate ended with 2: .*BADSIG/);
    writeFileSync(keyFile, keyText('stranger'), { mode: 0o600 });
    await expect(update('present', 'x', { keyFile })).rejects.toThrow(/BADKEY/);
    await expect(update('present', 'x', { zone: 'other.test' })).rejects.toThrow(/NOTAUTH|NOTZONE|REFUSED/);
    await expect(update('present', 'x', { keyFile: 'no.key' })).rejects.toThrow(
      'the key file no.key cannot be read',
    );
    expect(await named.texts(NAME)).toEqual([]);
  });
});
