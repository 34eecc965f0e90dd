import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type KeyKind, makeKey, type TestKey } from './keys.ts';
import { removeDir, tempDir } from './temp-dir.ts';

export type Sshd = {
  readonly port: number;
  readonly user: string;
  readonly dir: string;
  readonly hostKeys: ReadonlyMap<KeyKind, TestKey>;
  /** A key that may log in. */
  readonly login: TestKey;
  /** A known_hosts file that holds all its keys. */
  readonly knownHosts: string;
  /** What sshd has logged so far. */
  log(): string;
  stop(): Promise<void>;
};

type Options = {
  readonly hostKeys?: readonly KeyKind[];
  readonly settings?: readonly string[];
  /** It then also writes to the standard error of the commands it runs. */
  readonly debug?: boolean;
};

/** What sshd logs at DEBUG when somebody tries to log in. */
export const LOGIN_ATTEMPT = /userauth-request|Accepted|Failed|Postponed/;

/** A real sshd of its own on loopback, with keys and settings in a temporary directory. */
export async function startSshd(options: Options = {}): Promise<Sshd> {
  const dir = await tempDir();
  const hostKeys = new Map<KeyKind, TestKey>();
  for (const kind of options.hostKeys ?? ['ed25519', 'ecdsa'])
    hostKeys.set(kind, await makeKey(dir, `host_${kind}`, kind));
  const login = await makeKey(dir, 'login');
  await writeFile(join(dir, 'authorized_keys'), `${login.publicLine}\n`);
  for (let tries = 0; ; tries += 1) {
    const port = await freePort();
    const settings = [
      ...(options.settings ?? []),
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...[...hostKeys.values()].map((key) => `HostKey ${key.file}`),
      `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      `LogLevel ${options.debug === true ? 'DEBUG' : 'VERBOSE'}`,
      // Otherwise bash takes itself for the first shell of a login and runs the developer's .bashrc.
      'SetEnv SHLVL=2',
    ];
    await writeFile(join(dir, 'sshd_config'), `${settings.join('\n')}\n`);
    const child = launch(dir);
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    if (!(await listening(child, () => log))) {
      if (tries < 3) continue;
      throw new Error(`sshd did not start:\n${log}`);
    }
    const knownHosts = join(dir, 'known_hosts');
    const lines = [...hostKeys.values()].map((key) => `[127.0.0.1]:${port} ${key.publicLine}\n`);
    await writeFile(knownHosts, lines.join(''));
    return {
      port,
      user: userInfo().username,
      dir,
      hostKeys,
      login,
      knownHosts,
      log: () => log,
      stop: async () => {
        await kill(child);
        await removeDir(dir);
      },
    };
  }
}

/** root needs the directory /run/sshd and leaves sessions behind; namespaces of its own take care of both. */
function launch(dir: string): ChildProcess {
  const sshd = `exec /usr/sbin/sshd -D -e -f ${join(dir, 'sshd_config')}`;
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  // It must not outlive a test run that is killed.
  const leash = ['--pdeathsig', 'KILL'];
  if (process.getuid?.() !== 0)
    return spawn('setpriv', [...leash, '/bin/sh', '-c', sshd], { stdio: [...stdio] });
  const script = `mount -t tmpfs none /run && mkdir /run/sshd && ${sshd}`;
  const flags = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  return spawn('setpriv', [...leash, 'unshare', ...flags, '/bin/sh', '-c', script], { stdio: [...stdio] });
}

async function listening(child: ChildProcess, log: () => string): Promise<boolean> {
  for (let n = 0; n < 500; n += 1) {
    if (/Server listening on/.test(log())) return true;
    if (child.exitCode !== null) return false;
    await new Promise((r) => setTimeout(r, 10));
  }
  await kill(child);
  return false;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function knownHostsText(sshd: Sshd): Promise<string> {
  return await readFile(sshd.knownHosts, 'utf8');
}
