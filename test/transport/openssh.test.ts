import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectError } from '../../src/errors.ts';
import type { Connection, Host } from '../../src/model/host.ts';
import { createAutoTransport } from '../../src/transport/auto.ts';
import { createOpensshTransport, type OpensshOptions } from '../../src/transport/openssh/transport.ts';
import type { Transport } from '../../src/transport/port.ts';
import { sshConfigReader } from '../../src/transport/ssh-config.ts';
import { hostOf } from './support/hosts.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { LOGIN_ATTEMPT, type Sshd, startSshd } from './support/sshd.ts';

const exec = promisify(execFile);
let sshd: Sshd;
let runtime: string;

beforeAll(async () => {
  sshd = await startSshd({ debug: true });
  runtime = join(sshd.dir, 'run');
  await mkdir(runtime);
});
afterAll(() => sshd.stop());

function make(more: Partial<OpensshOptions> = {}): Transport {
  const env = { HOME: sshd.dir, PATH: process.env.PATH, XDG_RUNTIME_DIR: runtime };
  return createOpensshTransport({ commandLine: () => 'exec cat', env, configFile: '/dev/null', ...more });
}

async function echoes(host: Host, transport: Transport = make()): Promise<boolean> {
  try {
    const session = await transport.connect(host, { timeoutMs: 5_000 });
    const result = await session.run('agent', { stdin: Buffer.from('hello'), deadlineMs: 10_000 });
    return result.kind === 'exited' && result.code === 0 && result.stdout === 'hello';
  } finally {
    await transport.close();
  }
}

async function failure(host: Host, more: Partial<OpensshOptions> = {}): Promise<ConnectError> {
  const ends = echoes(host, make(more));
  return await ends.then(
    () => {
      throw new Error('it connected');
    },
    (error: ConnectError) => error,
  );
}

/** The host under another name for known_hosts: a file of one's own. */
async function knownAs(key: string): Promise<string> {
  const file = join(sshd.dir, `known_${Math.random().toString(36).slice(2)}`);
  await writeFile(file, key === '' ? '' : `[127.0.0.1]:${sshd.port} ${key}\n`);
  return file;
}

describe('the host key, by OpenSSH', () => {
  it('may be known or pinned', async () => {
    expect(await echoes(hostOf(sshd))).toBe(true);
    const pins = [...sshd.hostKeys.values()].map((key) => key.fingerprint);
    expect(await echoes(hostOf(sshd, { knownHosts: [], hostKeys: pins }))).toBe(true);
    expect(readdirSync(runtime, { recursive: true })).toEqual([]);
  });

  it.each([
    [
      'is not known',
      'hostkey-unknown',
      async (): Promise<Partial<Connection>> => ({ knownHosts: [await knownAs('')] }),
    ],
    [
      'has changed',
      'hostkey-changed',
      async (): Promise<Partial<Connection>> => ({
        knownHosts: [await knownAs((await makeKey(sshd.dir, 'other')).publicLine)],
      }),
    ],
    [
      'is not the pinned one',
      'hostkey-changed',
      async (): Promise<Partial<Connection>> => ({
        hostKeys: [(await makeKey(sshd.dir, 'pinned')).fingerprint],
      }),
    ],
  ] as const)('that %s is refused before any login', async (_what, kind, change) => {
    const connection = await change();
    const before = sshd.log().length;
    expect(await failure(hostOf(sshd, connection))).toMatchObject({ failure: kind, code: 'PD3101' });
    expect(sshd.log().slice(before)).not.toMatch(LOGIN_ATTEMPT);
    expect(readdirSync(runtime, { recursive: true })).toEqual([]);
  });

  it('is recorded with accept-new when it is unknown, and refused when it has changed', async () => {
    const file = await knownAs('');
    expect(await echoes(hostOf(sshd, { knownHosts: [file] }), make({ policy: 'accept-new' }))).toBe(true);
    expect(await echoes(hostOf(sshd, { knownHosts: [file] }))).toBe(true);
    const changed = await knownAs((await makeKey(sshd.dir, 'other2')).publicLine);
    expect(await failure(hostOf(sshd, { knownHosts: [changed] }), { policy: 'accept-new' })).toMatchObject({
      failure: 'hostkey-changed',
    });
  });
});

describe('what goes wrong, by OpenSSH', () => {
  it('tells a wrong key from a closed port, a bad name and no ssh at all', async () => {
    const stranger = await makeKey(sshd.dir, 'stranger');
    expect(await failure(hostOf(sshd, { identities: [stranger.file] }))).toMatchObject({ failure: 'auth' });
    expect(await failure(hostOf(sshd, { port: 1 }))).toMatchObject({ failure: 'refused' });
    expect(await failure(hostOf(sshd, { address: '-oProxyCommand=touch x' }))).toMatchObject({
      failure: 'protocol',
    });
    expect(await failure(hostOf(sshd, { user: '-x' }))).toMatchObject({ failure: 'protocol' });
    expect(await failure(hostOf(sshd), { program: '/nowhere/ssh' })).toMatchObject({ failure: 'protocol' });
    expect(readdirSync(runtime, { recursive: true })).toEqual([]);
  });

  it('gives up when nobody answers in time', async () => {
    const started = performance.now();
    const transport = make();
    const connecting = transport.connect(hostOf(sshd, { address: '198.51.100.1' }), { timeoutMs: 600 });
    await expect(connecting).rejects.toMatchObject({ failure: expect.stringMatching(/timeout|refused/) });
    expect(performance.now() - started).toBeLessThan(3_000);
    await transport.close();
  });
});

/** What a certificate authority signs. */
async function sign(ca: TestKey, key: TestKey, ...args: string[]): Promise<void> {
  await exec('ssh-keygen', ['-q', '-s', ca.file, '-I', 'test', ...args, `${key.file}.pub`]);
}

describe('certificates, which ssh2 does not know', () => {
  let certified: Sshd;
  let user: TestKey;
  let authorities: string;

  beforeAll(async () => {
    const ca = await makeKey(sshd.dir, 'ca');
    user = await makeKey(sshd.dir, 'user');
    await sign(ca, user, '-n', userInfo().username);
    const hostKey = await makeKey(sshd.dir, 'hostkey');
    await sign(ca, hostKey, '-h', '-n', '127.0.0.1');
    certified = await startSshd({
      hostKeys: ['ecdsa'],
      settings: [
        `TrustedUserCAKeys ${ca.file}.pub`,
        `HostKey ${hostKey.file}`,
        `HostCertificate ${hostKey.file}-cert.pub`,
      ],
    });
    authorities = join(sshd.dir, 'authorities');
    await writeFile(authorities, `@cert-authority [127.0.0.1]:${certified.port} ${ca.publicLine}\n`);
  });
  afterAll(() => certified.stop());

  it('log in, and vouch for the host', async () => {
    expect(await echoes(hostOf(certified, { identities: [user.file] }))).toBe(true);
    const both = { identities: [user.file], knownHosts: [authorities] };
    expect(await echoes(hostOf(certified, both))).toBe(true);
  });

  it('are what makes `auto` take OpenSSH, and it says so', async () => {
    const told: string[] = [];
    const env = { HOME: sshd.dir, PATH: process.env.PATH, XDG_RUNTIME_DIR: runtime };
    const auto = (): Transport =>
      createAutoTransport({
        commandLine: () => 'exec cat',
        env,
        policy: 'strict',
        sshConfigOf: sshConfigReader({ env, configFile: '/dev/null' }),
        onOpenssh: (host, why) => told.push(`${host}: ${why}`),
      });
    const byCertificate = hostOf(certified, {
      ...{ transport: 'auto', identities: [user.file], knownHosts: [authorities] },
    });
    expect(await echoes(byCertificate, auto())).toBe(true);
    expect(told).toEqual([expect.stringMatching(/^edge-01: .*certificate/)]);
    expect(await echoes(hostOf(sshd, { transport: 'auto' }), auto())).toBe(true);
    expect(told).toHaveLength(1);
  });
});

it('ends its connection when the process that made it is killed', async () => {
  const script = `
    import { createOpensshTransport } from ${JSON.stringify(join(import.meta.dirname, '../../src/transport/openssh/transport.ts'))};
    const host = ${JSON.stringify({ ...hostOf(sshd), vars: {} })};
    const options = { commandLine: () => 'exec cat', env: { ...process.env, XDG_RUNTIME_DIR: ${JSON.stringify(runtime)} }, configFile: '/dev/null' };
    await createOpensshTransport(options).connect(host, {});
    console.log('connected');
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const masters = async (): Promise<string> =>
    (
      await exec('pgrep', [
        '-f',
        `^ssh .*-p ${sshd.port} .*LocalCommand|^ssh .*LocalCommand.* -p ${sshd.port} `,
      ]).catch(() => ({ stdout: '' }))
    ).stdout.trim();
  expect(await masters()).not.toBe('');
  child.kill('SIGKILL');
  await expect.poll(masters, { timeout: 5_000 }).toBe('');
  await expect.poll(() => readdirSync(runtime), { timeout: 5_000 }).toEqual([]);
});

it('goes the way that ssh_config says', async () => {
  const config = join(sshd.dir, 'config');
  await writeFile(
    config,
    `Host behind\n  HostName nowhere.invalid\n  ProxyCommand bash -c 'exec 3<>/dev/tcp/127.0.0.1/${sshd.port}; cat <&3 & exec cat >&3'\n  HostKeyAlias [127.0.0.1]:${sshd.port}\n  User ${sshd.user}\n`,
  );
  const host = hostOf(sshd, { address: 'behind', unset: ['address', 'user', 'port'] }, 'behind');
  expect(await echoes(host, make({ configFile: config }))).toBe(true);
});
