import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { createSsh2Transport } from '../../src/transport/ssh2.ts';
import { hostileSuite } from './hostile/suite.ts';
import { rawServer, sshServer } from './support/hostile-server.ts';
import { testHost } from './support/hosts.ts';
import { makeKey } from './support/keys.ts';
import { removeDir, tempDir } from './support/temp-dir.ts';
import { connectFailure } from './support/transport.ts';

const retry = { retries: 0, leastMs: 1, mostMs: 1 };
const env = { HOME: '/nonexistent' };

hostileSuite({
  kind: 'ssh2',
  make: (settings) => createSsh2Transport({ ...settings, env, retry, policy: 'strict' }),
});

it('ssh2 is not kept by a server that takes its time to hang up, over and over', async () => {
  let knocks = 0;
  const server = await rawServer((socket) => {
    knocks += 1;
    setTimeout(() => socket.end(), 200);
  });
  const dir = await tempDir();
  const login = await makeKey(dir, 'login');
  const started = performance.now();
  const times = { retries: 50, leastMs: 1, mostMs: 1, withinMs: 500 };
  const host = testHost({ port: server.port, identities: [login.file] });
  const error = await connectFailure(host, { retry: times });
  await server.stop();
  await removeDir(dir);
  expect(error.failure).toBe('reset-before-auth');
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(knocks).toBeGreaterThan(1);
  expect(knocks).toBeLessThan(5);
});

it('ssh2 is not kept by a server that shows one wrong key after the other, slowly', async () => {
  const dir = await tempDir();
  const login = await makeKey(dir, 'login');
  const kinds = await Promise.all((['ed25519', 'ecdsa', 'rsa'] as const).map((k) => makeKey(dir, k, k)));
  const [first] = kinds;
  if (first === undefined) throw new Error('no key');
  const server = await sshServer(first, { config: { hostKeys: kinds.map((key) => readFileSync(key.file)) } });
  let connections = 0;
  const slow = await rawServer((socket) => {
    connections += 1;
    setTimeout(() => {
      const far = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => undefined);
      socket.pipe(far).pipe(socket);
    }, 400);
  });
  const pinned = { hostKeys: [login.fingerprint], identities: [login.file] };
  const started = performance.now();
  const error = await connectFailure(testHost({ port: slow.port, ...pinned }), {}, undefined, 700);
  await slow.stop();
  await server.stop();
  await removeDir(dir);
  expect(error.failure).toBe('hostkey-changed');
  expect(performance.now() - started).toBeLessThan(1_100);
  expect(connections).toBe(2);
});

it('ssh2 leaves a server alone that has locked us out', async () => {
  let knocks = 0;
  const server = await rawServer((socket) => {
    knocks += 1;
    socket.end('Not allowed at this time\r\n');
  });
  const dir = await tempDir();
  const login = await makeKey(dir, 'login');
  const error = await connectFailure(testHost({ port: server.port, identities: [login.file] }));
  await server.stop();
  await removeDir(dir);
  expect(error).toMatchObject({
    failure: 'refused',
    message: expect.stringContaining('locked this address out'),
  });
  expect(knocks).toBe(1);
});
