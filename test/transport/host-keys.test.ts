import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/model/host.ts';
import { allHostKeyTypes } from '../../src/transport/algorithms.ts';
import { recordHostKey } from '../../src/transport/known-hosts/record.ts';
import { loginWith } from '../../src/transport/login.ts';
import { openLink } from '../../src/transport/open-link.ts';
import { hostOf } from './support/hosts.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { LOGIN_ATTEMPT, type Sshd, startSshd } from './support/sshd.ts';
import { connectFailure, echoes, offeredKey } from './support/transport.ts';

let sshd: Sshd;
let stranger: TestKey;
let strangerEcdsa: TestKey;
let files = 0;

beforeAll(async () => {
  sshd = await startSshd({ debug: true });
  stranger = await makeKey(sshd.dir, 'stranger');
  strangerEcdsa = await makeKey(sshd.dir, 'stranger_ecdsa', 'ecdsa');
});

afterAll(() => sshd.stop());

/** A known_hosts file; `@` stands for the name of the host. */
async function known(...lines: readonly string[]): Promise<Partial<Connection>> {
  files += 1;
  const file = join(sshd.dir, `known_${files}`);
  await writeFile(
    file,
    lines.map((line) => `${line.replace('HOST', `[127.0.0.1]:${sshd.port}`)}\n`).join(''),
  );
  return { knownHosts: [file] };
}

const line = (kind: 'ed25519' | 'ecdsa'): string => sshd.hostKeys.get(kind)?.publicLine ?? '';
const print = (kind: 'ed25519' | 'ecdsa'): string => sshd.hostKeys.get(kind)?.fingerprint ?? '';

/** What sshd has logged while `work` was done. */
async function logged(work: () => Promise<unknown>): Promise<string> {
  const before = sshd.log().length;
  await work();
  await new Promise((r) => setTimeout(r, 150));
  return sshd.log().slice(before);
}

describe('a host that is known', () => {
  it.each(['ed25519', 'ecdsa'] as const)('by its %s key alone is connected to', async (kind) => {
    expect(await echoes(hostOf(sshd, await known(`HOST ${line(kind)}`)))).toBe(true);
  });

  it('by a hashed name is connected to', async () => {
    const connection = await known(`HOST ${line('ed25519')}`);
    execFileSync('ssh-keygen', ['-H', '-f', connection.knownHosts?.[0] ?? ''], { stdio: 'pipe' });
    expect(await readFile(connection.knownHosts?.[0] ?? '', 'utf8')).toMatch(/^\|1\|/);
    expect(await echoes(hostOf(sshd, connection))).toBe(true);
  });

  it('by a pattern, or from the second file, is connected to', async () => {
    const first = await known('HOST ssh-rsa nonsense');
    const second = await known(`[127.0.0.*]:* ${line('ed25519')}`);
    const both = { knownHosts: [...(first.knownHosts ?? []), ...(second.knownHosts ?? [])] };
    expect(await echoes(hostOf(sshd, both))).toBe(true);
  });

  it('leaves a login in the log of this sshd, which the tests below rely on', async () => {
    expect(await logged(() => echoes(hostOf(sshd)))).toMatch(LOGIN_ATTEMPT);
  });
});

describe.each(['strict', 'accept-new'] as const)('with the policy %s', (policy) => {
  const refused = async (connection: Partial<Connection>): Promise<string> => {
    let failure = '';
    const log = await logged(async () => {
      const error = await connectFailure(hostOf(sshd, connection), { policy });
      failure = `${error.failure}: ${error.message} ${error.hint ?? ''}`;
    });
    expect(log).toContain('Connection from');
    expect(log).not.toMatch(LOGIN_ATTEMPT);
    return failure;
  };

  it('a changed key is refused before any login', async () => {
    const connection = await known('# one', `HOST ${stranger.publicLine}`);
    const text = await refused(connection);
    expect(text).toMatch(/^hostkey-changed/);
    expect(text).toContain(print('ed25519'));
    expect(text).toContain(stranger.fingerprint);
    expect(text).toContain(`${connection.knownHosts?.[0]}:2`);
    expect(text).toContain('pdeploy hosts trust -l edge-01');
  });

  it('a changed key is refused also when the host has another kind that was never seen', async () => {
    expect(await refused(await known(`HOST ${strangerEcdsa.publicLine}`))).toMatch(/^hostkey-changed/);
  });

  it('a host that lost the kind of key it is known by is refused', async () => {
    const rsa = await makeKey(sshd.dir, `rsa_${policy}`, 'rsa');
    expect(await refused(await known(`HOST ${rsa.publicLine}`))).toMatch(/^hostkey-changed.*kinds/);
  });

  it('a revoked key is refused, also when it is listed as good', async () => {
    const text = await refused(await known(`HOST ${line('ed25519')}`, `@revoked * ${line('ed25519')}`));
    expect(text).toMatch(/^hostkey-revoked/);
  });

  it('a revoked key of a host that is not known is refused', async () => {
    expect(await refused(await known(`@revoked * ${line('ed25519')}`))).toMatch(/^hostkey-revoked/);
  });

  it('a pin that does not fit is refused, whatever the files say', async () => {
    const text = await refused({ hostKeys: [stranger.fingerprint] });
    expect(text).toMatch(/^hostkey-changed/);
    expect(text).toContain('pins');
  });

  it('a known_hosts file that cannot be read is no reason to trust', async () => {
    const error = await connectFailure(hostOf(sshd, { knownHosts: [sshd.dir] }), { policy });
    expect(error).toMatchObject({ failure: 'hostkey-unknown', message: expect.stringContaining('EISDIR') });
  });

  it('a host that only a certificate vouches for is refused', async () => {
    const error = await connectFailure(hostOf(sshd, await known(`@cert-authority * ${line('ed25519')}`)), {
      policy,
    });
    expect(error).toMatchObject({
      failure: 'hostkey-unknown',
      message: expect.stringContaining('certificate'),
    });
  });
});

describe('an unknown host', () => {
  it('is refused under strict, with its fingerprint and what to do', async () => {
    let seen: unknown;
    const log = await logged(async () => {
      seen = await connectFailure(hostOf(sshd, await known(`other.example.org ${line('ed25519')}`)));
    });
    expect(seen).toMatchObject({
      failure: 'hostkey-unknown',
      code: 'PD3101',
      exitCode: 3,
      message: expect.stringContaining(print('ed25519')),
      hint: expect.stringContaining('pdeploy hosts trust -l edge-01'),
    });
    expect(log).not.toMatch(LOGIN_ATTEMPT);
  });

  it('is recorded under accept-new, and then known', async () => {
    const file = join(sshd.dir, 'new', 'known_hosts');
    const accepted: string[] = [];
    const onAcceptedKey = (host: string, fingerprint: string): void => void accepted.push(host, fingerprint);
    const host = hostOf(sshd, { knownHosts: [file] });
    expect(await echoes(host, { policy: 'accept-new', onAcceptedKey })).toBe(true);
    expect(accepted).toEqual(['edge-01', print('ed25519')]);
    expect(await readFile(file, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${line('ed25519')}\n`);
    expect(await echoes(host, { onAcceptedKey })).toBe(true);
    expect(accepted).toHaveLength(2);
  });

  it('is refused under accept-new when its key cannot be recorded', async () => {
    const host = hostOf(sshd, { knownHosts: ['/proc/none/known_hosts'] });
    const error = await connectFailure(host, { policy: 'accept-new' });
    expect(error).toMatchObject({ failure: 'hostkey-unknown', message: expect.stringContaining('recorded') });
  });
});

describe('pins', () => {
  it.each(['ed25519', 'ecdsa'] as const)('of the %s key alone are enough, without any file', async (kind) => {
    const host = hostOf(sshd, { hostKeys: [stranger.fingerprint, `${print(kind)}=`], knownHosts: [] });
    expect(await echoes(host)).toBe(true);
  });

  it('decide alone, against a file that says otherwise', async () => {
    const files = await known(`HOST ${stranger.publicLine}`);
    expect(await echoes(hostOf(sshd, { ...files, hostKeys: [print('ed25519')] }))).toBe(true);
  });
});

describe('fetching a key to trust', () => {
  it('shows it without a login, and connections trust it once it is recorded', async () => {
    const host = hostOf(sshd, await known());
    let log = '';
    const key = await (async () => {
      let fetched: Awaited<ReturnType<typeof offeredKey>> | undefined;
      log = await logged(async () => {
        fetched = await offeredKey(host);
      });
      return fetched;
    })();
    expect(log).not.toMatch(LOGIN_ATTEMPT);
    expect(key).toMatchObject({
      name: 'edge-01',
      type: 'ssh-ed25519',
      fingerprint: print('ed25519'),
      line: `[127.0.0.1]:${sshd.port} ${line('ed25519')}`,
      known: false,
    });
    if (key === undefined) throw new Error('no key');
    expect(key.file).toBe(host.connection.knownHosts[0]);
    await recordHostKey(key.file, key.line);
    expect(await echoes(host)).toBe(true);
    expect(await offeredKey(host)).toMatchObject({ known: true });
  });

  it('takes the kind of key the host is known by', async () => {
    const host = hostOf(sshd, await known(`HOST ${line('ecdsa')}`));
    expect(await offeredKey(host)).toMatchObject({ type: 'ecdsa-sha2-nistp256', known: true });
  });

  it('shows the plain key of a host that only a certificate vouches for', async () => {
    const host = hostOf(sshd, await known(`@cert-authority * ${stranger.publicLine}`));
    expect(await offeredKey(host)).toMatchObject({ fingerprint: print('ed25519'), known: false });
  });

  it('refuses a key that changed or was revoked', async () => {
    const changed = hostOf(sshd, await known(`HOST ${stranger.publicLine}`));
    await expect(offeredKey(changed)).rejects.toMatchObject({ failure: 'hostkey-changed' });
    const revoked = hostOf(sshd, await known(`@revoked * ${line('ed25519')}`));
    await expect(offeredKey(revoked)).rejects.toMatchObject({ failure: 'hostkey-revoked' });
  });
});

describe('a verifier that does not return true', () => {
  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['a promise', () => Promise.resolve(true)],
    ['null', () => null],
    ['undefined', () => undefined],
    ['0', () => 0],
    ['a text', () => 'yes'],
    [
      'by throwing',
      () => {
        throw new Error('no');
      },
    ],
  ];

  it.each(wrong)('but %s lets nobody in', async (_, verify) => {
    const log = await logged(async () => {
      const link = openLink({
        socket: connect({ port: sshd.port, host: '127.0.0.1' }),
        user: sshd.user,
        login: loginWith({ usable: [], skipped: [] }),
        verify,
        hostKeyTypes: allHostKeyTypes(),
        keepalive: { intervalMs: 1_000, countMax: 3 },
        timeoutMs: 3_000,
        onlyHandshake: false,
        signal: undefined,
      });
      await expect(link).rejects.toMatchObject({ failure: 'protocol' });
    });
    expect(log).not.toMatch(LOGIN_ATTEMPT);
  });
});

it('a socket that was reset before the handshake began is not waited for', async () => {
  const socket = connect({ port: sshd.port, host: '127.0.0.1' });
  socket.destroy();
  await once(socket, 'close');
  const link = openLink({
    socket,
    user: sshd.user,
    login: loginWith({ usable: [], skipped: [] }),
    verify: () => true,
    hostKeyTypes: allHostKeyTypes(),
    keepalive: { intervalMs: 1_000, countMax: 3 },
    timeoutMs: 3_000,
    onlyHandshake: false,
  });
  await expect(link).rejects.toMatchObject({ failure: 'reset-before-auth', retry: true });
});
