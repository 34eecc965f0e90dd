import { execFile } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { RefusedError } from '../errors.ts';
import { safeAddress } from './names.ts';

/** What the user's ssh would do for a name, read with `ssh -G`. */
export type SshConfig = {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** Absolute; the files need not exist. */
  readonly identityFiles: readonly string[];
  /** Only these identities; no other keys of the agent. */
  readonly identitiesOnly: boolean;
  /** A socket, or `none`; `undefined`: the one of SSH_AUTH_SOCK. */
  readonly identityAgent: string | undefined;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | undefined;
  /** `[user@]host[:port]`, from the controller outwards. */
  readonly proxyJump: readonly string[];
  /** Why only OpenSSH itself can make this connection. */
  readonly needsOpenssh: string | undefined;
};

export type SshConfigReader = (name: string) => Promise<SshConfig>;

type ReaderOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** Read instead of the user's and the machine's configuration (`ssh -F`). */
  readonly configFile?: string;
  /** Default `ssh`, looked for in PATH. */
  readonly program?: string;
};

const TIMEOUT_MS = 10_000;

/** A reader of the user's ssh_config that asks ssh once per name. Without an ssh program: the built-in defaults. */
export function sshConfigReader(options: ReaderOptions): SshConfigReader {
  const cache = new Map<string, Promise<SshConfig>>();
  return (name) => {
    const known = cache.get(name);
    if (known !== undefined) return known;
    const read = askSsh(name, options);
    cache.set(name, read);
    read.catch(() => cache.delete(name));
    return read;
  };
}

async function askSsh(name: string, options: ReaderOptions): Promise<SshConfig> {
  if (!safeAddress(name)) {
    throw new RefusedError('PD3111', `"${name}" cannot be a host name for ssh.`, {
      hint: 'a letter, digit or _ first, then letters, digits, dots, dashes and underscores; or an IP address',
    });
  }
  const home = options.env.HOME ?? homedir();
  const file = options.configFile === undefined ? [] : ['-F', options.configFile];
  const text = await run(options.program ?? 'ssh', [...file, '-G', '--', name], options.env);
  return parseSshConfig(text ?? '', name, { home, user: options.env.USER ?? userInfo().username });
}

/** Standard output; `undefined` when the program is not installed. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const settings = { env, timeout: TIMEOUT_MS, maxBuffer: 1 << 20, encoding: 'utf8' } as const;
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') resolve(undefined);
      else {
        const why = error.killed === true ? `no answer within ${TIMEOUT_MS / 1_000} s` : stderr.trim();
        reject(new RefusedError('PD3112', `ssh cannot read its configuration: ${why}`, { cause: error }));
      }
    });
    child.stdin?.end();
  });
}

/** Reads what `ssh -G` prints: one keyword and its value a line, keywords in lower case. */
export function parseSshConfig(
  text: string,
  name: string,
  local: { readonly home: string; readonly user: string },
): SshConfig {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const cut = line.indexOf(' ');
    if (cut > 0)
      values.set(line.slice(0, cut), [...(values.get(line.slice(0, cut)) ?? []), line.slice(cut + 1)]);
  }
  const first = (key: string): string | undefined => values.get(key)?.[0];
  const given = (key: string): string | undefined => (first(key) === 'none' ? undefined : first(key));
  const hostname = first('hostname') ?? name;
  const port = Number(first('port') ?? 22);
  const user = first('user') ?? local.user;
  const path = (raw: string): string => expand(raw, { ...local, hostname, port, remoteUser: user, name });
  const files = (key: string, fallback: readonly string[]): string[] =>
    first(key) === 'none' ? [] : (first(key)?.split(' ') ?? fallback).filter((f) => f !== '').map(path);
  const agent = first('identityagent');
  return {
    hostname,
    port,
    user,
    identityFiles: (values.get('identityfile') ?? DEFAULT_IDENTITIES).filter((f) => f !== 'none').map(path),
    identitiesOnly: first('identitiesonly') === 'yes',
    identityAgent:
      agent === undefined || agent === 'SSH_AUTH_SOCK' || agent.startsWith('$') ? undefined : path(agent),
    userKnownHostsFiles: files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHostsFiles: files('globalknownhostsfile', [
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ]),
    hostKeyAlias: given('hostkeyalias'),
    proxyJump: given('proxyjump')?.split(',') ?? [],
    needsOpenssh: reasonForOpenssh(given),
  };
}

const DEFAULT_IDENTITIES = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

function reasonForOpenssh(given: (key: string) => string | undefined): string | undefined {
  if (given('proxycommand') !== undefined) return 'ssh_config sets ProxyCommand for it';
  if (given('certificatefile') !== undefined) return 'ssh_config sets CertificateFile for it';
  if (given('pkcs11provider') !== undefined) return 'ssh_config sets PKCS11Provider for it';
  return undefined;
}

type Tokens = {
  readonly home: string;
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  readonly remoteUser: string;
  readonly name: string;
};

function expand(raw: string, t: Tokens): string {
  const tokens = new Map([
    ['%%', '%'],
    ['%d', t.home],
    ['%h', t.hostname],
    ['%n', t.name],
    ['%p', String(t.port)],
    ['%r', t.remoteUser],
    ['%u', t.user],
  ]);
  return raw.replace(/^~(?=\/|$)/, t.home).replace(/%./g, (token) => tokens.get(token) ?? token);
}
