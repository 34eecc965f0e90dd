import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { recallRelease, rememberStored } from '../../src/execute/release-cache.ts';
import { storedTarget } from '../../src/execute/stored-target.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const digest = 'd'.repeat(64);
const record = {
  ...{ service: 'edge', digest, manifest: '', binary: 'edge', user: 'edge', test: [], stopTimeoutMs: 1_000 },
  ...{ artifact: { sha256: 'a'.repeat(64), size: 1 }, health: [] },
};
const target = (sockets?: ReadonlyMap<string, string>) =>
  storedTarget({
    ...{ host: { name: 'edge-01' } as never, instances: [], service: 'edge', digest, release: {} as never },
    ...{ cached: recallRelease(digest), fallback: undefined, sockets },
  });

test('a release is handed over by the socket that it was made with, whatever the playbook says now', () => {
  rememberStored({ ...record, sockets: [['1', '/run/edge/1/upgrade.sock']] });
  const own = new Map([['1', '/run/edge/1/upgrade.sock']]);
  expect(target()?.sockets).toEqual(own);
  expect(target(new Map([['1', '/run/edge/other.sock']]))?.sockets).toEqual(own);
});

test('one that was made before that was remembered goes by the playbook', () => {
  rememberStored(record);
  const now = new Map([['1', '/run/edge/1/upgrade.sock']]);
  expect(target(now)?.sockets).toEqual(now);
  expect(target()?.sockets).toBeUndefined();
});
