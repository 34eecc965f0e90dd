import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicHalf } from '../../src/transport/private-key.ts';
import { hostOf } from './support/hosts.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { startProxy, type Proxy as TcpProxy } from './support/proxy.ts';
import { type SshAgent, startAgent } from './support/ssh-agent.ts';
import { type Sshd, startSshd } from './support/sshd.ts';
import { connectFailure, echoes, testTransport } from './support/transport.ts';

let sshd: Sshd;
let agent: SshAgent;
let locked: TestKey;
let wrong: TestKey;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sshd = await startSshd();
  agent = await startAgent(sshd.dir);
  locked = await makeKey(sshd.dir, 'locked', 'ed25519', 'open sesame');
  wrong = await makeKey(sshd.dir, 'wrong');
  await appendFile(join(sshd.dir, 'authorized_keys'), `${locked.publicLine}\n`);
  env = { HOME: sshd.dir, SSH_AUTH_SOCK: agent.socket };
});

afterAll(async () => {
  await agent.stop();
  await sshd.stop();
});

/** An open copy of the locked key, for ssh-add. */
async function unlockedCopy(): Promise<string> {
  const file = join(sshd.dir, 'unlocked');
  await copyFile(locked.file, file);
  execFileSync('chmod', ['600', file]);
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-p', '-P', 'open sesame', '-N', '', '-f', file], {
    stdio: 'pipe',
  });
  return file;
}

describe('a key file', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('of kind %s logs in', async (kind) => {
    const key = await makeKey(sshd.dir, `login_${kind}`, kind);
    await appendFile(join(sshd.dir, 'authorized_keys'), `${key.publicLine}\n`);
    expect(await echoes(hostOf(sshd, { identities: [key.file] }))).toBe(true);
  });

  it('is found among several', async () => {
    expect(await echoes(hostOf(sshd, { identities: [wrong.file, sshd.login.file] }))).toBe(true);
  });

  it('of the defaults is found when the inventory names none', async () => {
    const home = join(sshd.dir, 'home');
    execFileSync('mkdir', ['-p', join(home, '.ssh')]);
    await copyFile(sshd.login.file, join(home, '.ssh', 'id_ed25519'));
    expect(await echoes(hostOf(sshd, { identities: [] }), { env: { HOME: home } })).toBe(true);
  });

  it('shows its public half without the passphrase', async () => {
    expect(publicHalf(await readFile(locked.file, 'utf8'))).toEqual(locked.blob);
    expect(publicHalf('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END')).toBeUndefined();
    expect(publicHalf('nonsense')).toBeUndefined();
  });
});

describe('an encrypted key file', () => {
  it('asks once for its passphrase, however many hosts need it', async () => {
    const asked: string[] = [];
    const transport = testTransport({
      askPassphrase: async (file) => {
        asked.push(file);
        await new Promise((r) => setTimeout(r, 20));
        return 'open sesame';
      },
    });
    try {
      const host = hostOf(sshd, { identities: [locked.file] });
      await Promise.all([1, 2, 3].map(() => transport.connect(host, {})));
      await transport.connect(host, {});
      expect(asked).toEqual([locked.file]);
    } finally {
      await transport.close();
    }
  });

  it('asks again after a wrong passphrase, three times in all', async () => {
    const answers = ['no', 'neither', 'open sesame'];
    const host = hostOf(sshd, { identities: [locked.file] });
    expect(await echoes(host, { askPassphrase: async () => answers.shift() ?? '' })).toBe(true);
    const error = await connectFailure(host, { askPassphrase: async () => 'wrong' });
    expect(error).toMatchObject({
      failure: 'auth',
      message: expect.stringContaining('passphrase was wrong'),
    });
  });

  it('is left out, and named, when nobody can be asked', async () => {
    const error = await connectFailure(hostOf(sshd, { identities: [locked.file] }));
    expect(error).toMatchObject({ failure: 'auth' });
    expect(error.message).toContain(`${locked.file} (needs a passphrase)`);
  });

  it('is not asked for while the agent holds it', async () => {
    await agent.add(await unlockedCopy());
    const askPassphrase = (): Promise<string> => Promise.reject(new Error('asked'));
    expect(await echoes(hostOf(sshd, { identities: [locked.file] }), { env, askPassphrase })).toBe(true);
  });

  it('may be there with its public half alone while the agent holds it', async () => {
    await agent.add(await unlockedCopy());
    const elsewhere = join(sshd.dir, 'elsewhere');
    await writeFile(`${elsewhere}.pub`, `${locked.publicLine} comment\n`);
    expect(await echoes(hostOf(sshd, { identities: [elsewhere] }), { env })).toBe(true);
    const error = await connectFailure(hostOf(sshd, { identities: [elsewhere] }));
    expect(error.message).toContain('the agent does not hold it');
  });
});

describe('the agent', () => {
  it('logs in when the inventory names no key', async () => {
    await agent.add(sshd.login.file);
    expect(await echoes(hostOf(sshd, { identities: [] }), { env })).toBe(true);
  });

  it('offers none of its keys when the inventory names others', async () => {
    await agent.add(sshd.login.file);
    const error = await connectFailure(hostOf(sshd, { identities: [wrong.file] }), { env });
    expect(error.failure).toBe('auth');
    expect(error.message).toContain(wrong.fingerprint);
    expect(error.message).not.toContain(sshd.login.fingerprint);
  });

  it('that is gone does not stand in the way of a key file', async () => {
    const gone = { HOME: sshd.dir, SSH_AUTH_SOCK: join(sshd.dir, 'no.sock') };
    expect(await echoes(hostOf(sshd), { env: gone })).toBe(true);
  });

  it('with very many keys does not make the host hang up before the right file is tried', async () => {
    const full = await startAgent(await mkdirIn('full'));
    try {
      for (let n = 0; n < 8; n += 1) await full.add((await makeKey(sshd.dir, `filler_${n}`)).file);
      const crowded = { HOME: sshd.dir, SSH_AUTH_SOCK: full.socket };
      expect(await echoes(hostOf(sshd), { env: crowded })).toBe(true);
      const error = await connectFailure(hostOf(sshd, { identities: [] }), { env: crowded });
      expect(error.failure).toBe('auth');
      expect(error.message).toContain('a server hangs up after 6 keys');
    } finally {
      await full.stop();
    }
  });
});

describe('a login that fails', () => {
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startProxy(sshd.port);
  });
  afterAll(() => proxy.close());

  it('is not tried again, and tells user, address, keys and what the host takes', async () => {
    const pins = [sshd.hostKeys.get('ed25519')?.fingerprint ?? ''];
    const host = hostOf(sshd, {
      port: proxy.port,
      hostKeys: pins,
      identities: [wrong.file, join(sshd.dir, 'absent')],
    });
    const error = await connectFailure(host);
    expect(proxy.accepted).toBe(1);
    expect(error).toMatchObject({ failure: 'auth', code: 'PD3101', exitCode: 3, host: 'edge-01' });
    expect(error.message).toContain(`${sshd.user}@127.0.0.1:${proxy.port}`);
    expect(error.message).toContain(`${wrong.file} ${wrong.fingerprint}`);
    expect(error.message).toContain(`${join(sshd.dir, 'absent')} (no such file)`);
    expect(error.message).toContain('publickey');
  });

  it('is told without a connection when there is no key at all', async () => {
    const before = proxy.accepted;
    const error = await connectFailure(
      hostOf(sshd, { port: proxy.port, identities: [join(sshd.dir, 'absent')] }),
    );
    expect(error).toMatchObject({
      failure: 'auth',
      message: expect.stringContaining('no key to log in with'),
    });
    expect(proxy.accepted).toBe(before);
  });

  it('is told when a key file is no key', async () => {
    const file = join(sshd.dir, 'junk');
    await writeFile(file, 'not a key\n');
    const error = await connectFailure(hostOf(sshd, { identities: [file] }));
    expect(error.message).toContain(`${file} (is no private key that can be read here)`);
    await rm(file);
  });
});

async function mkdirIn(name: string): Promise<string> {
  const dir = join(sshd.dir, name);
  execFileSync('mkdir', ['-p', dir]);
  return dir;
}
