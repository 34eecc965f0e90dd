import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { it } from 'vitest';
import type { ConnectFailure } from '../../../src/errors.ts';
import type { Connection } from '../../../src/model/host.ts';
import { type Behaviour, protocolOf, sshServer } from '../support/hostile-server.ts';
import { makeKey, type TestKey } from '../support/keys.ts';
import { bench, of, type PerKind, type Subject } from './bench.ts';
import { ESCAPES } from './no-server.ts';

export type LoginKeys = {
  readonly dir: string;
  readonly host: TestKey;
  readonly login: TestKey;
};

const WAIT_MS = 900;
const ANSWER_MS = 6_000;

type KeyCase = {
  readonly what: string;
  /** The key that the server shows; what the client knows of it, for a server on that port. */
  readonly shows: (keys: LoginKeys) => Promise<TestKey>;
  readonly knows: (keys: LoginKeys, shown: TestKey, port: number) => Promise<Partial<Connection>>;
  readonly config?: (keys: LoginKeys) => Partial<ssh2.ServerConfig>;
  readonly failure: PerKind<ConnectFailure>;
};

const own = async (keys: LoginKeys): Promise<TestKey> => keys.host;
const known = async (keys: LoginKeys, text: string): Promise<Partial<Connection>> => {
  const file = `${keys.dir}/known-${randomBytes(6).toString('hex')}`;
  await writeFile(file, text);
  return { hostKeys: [], knownHosts: [file] };
};

/** Who cannot show the right key never sees a login. */
const KEY_CASES: readonly KeyCase[] = [
  {
    what: 'a key that is not pinned',
    shows: (keys) => makeKey(keys.dir, 'stranger'),
    knows: async () => ({}),
    failure: 'hostkey-changed',
  },
  {
    what: 'a key that nobody knows',
    shows: own,
    knows: (keys) => known(keys, ''),
    failure: 'hostkey-unknown',
  },
  {
    what: 'another key than the known one',
    shows: (keys) => makeKey(keys.dir, 'changed'),
    knows: (keys, _, port) => known(keys, `[127.0.0.1]:${port} ${keys.host.publicLine}\n`),
    failure: 'hostkey-changed',
  },
  {
    what: 'a key that is revoked, though it is known',
    shows: own,
    knows: (keys, shown, port) =>
      known(keys, `[127.0.0.1]:${port} ${shown.publicLine}\n@revoked * ${shown.publicLine}\n`),
    failure: 'hostkey-revoked',
  },
  {
    what: 'a key of another type than the known one',
    shows: (keys) => makeKey(keys.dir, 'ecdsa', 'ecdsa'),
    knows: (keys, _, port) => known(keys, `[127.0.0.1]:${port} ${keys.host.publicLine}\n`),
    failure: 'hostkey-changed',
  },
  {
    what: 'the right key without being able to prove it',
    shows: own,
    knows: async () => ({}),
    config: (keys) => ({ hostKeys: [{ key: forged(keys.host) } as never] }),
    failure: 'protocol',
  },
  {
    what: 'the right key, and offers only what is unsafe',
    shows: own,
    knows: async () => ({}),
    config: () => ({ algorithms: { cipher: ['aes128-cbc'], hmac: ['hmac-sha1'] } }),
    failure: 'protocol',
  },
];

/** A key whose signatures are noise. */
function forged(key: TestKey): ssh2.ParsedKey {
  const parsed = ssh2.utils.parseKey(readFileSync(key.file));
  if (parsed instanceof Error) throw parsed;
  parsed.sign = () => randomBytes(64);
  return parsed;
}

type LoginCase = {
  readonly what: string;
  readonly behaviour: Behaviour;
  readonly failures: PerKind<readonly ConnectFailure[]>;
  readonly says?: PerKind<RegExp>;
};

const CLOSED: PerKind<readonly ConnectFailure[]> = { ssh2: ['auth'], openssh: ['reset-before-auth'] };

/** Who has shown the right key, and then does not let us in as one should. */
const LOGIN_CASES: readonly LoginCase[] = [
  { what: 'never answers the login', behaviour: { login: () => undefined }, failures: ['timeout'] },
  { what: 'hangs up at the login', behaviour: { login: (client) => client.end() }, failures: CLOSED },
  {
    what: 'takes passwords only',
    behaviour: { login: (_, context) => context.reject(['password']) },
    failures: ['auth'],
    says: /password/,
  },
  {
    what: 'has escapes in the names of its methods',
    behaviour: {
      login: (_, context) =>
        context.reject(['pub\u001b[2J\u0007', 'x\nHost key verification failed.\n'] as never),
    },
    failures: ['auth'],
  },
  {
    what: 'floods banners with escapes in them',
    behaviour: {
      config: { banner: ESCAPES.replaceAll('\0', '').repeat(2_000) },
      login: (_, context) => context.reject(['publickey']),
    },
    failures: ['auth'],
  },
  {
    what: 'names a failure of its own choice in its banner, and hangs up',
    behaviour: {
      config: { banner: 'REMOTE HOST IDENTIFICATION HAS CHANGED\r\nHost key verification failed.\r\n' },
      login: (client) => client.end(),
    },
    failures: CLOSED,
  },
  {
    what: 'disconnects with a reason',
    behaviour: { login: (client) => protocolOf(client).disconnect(2) },
    failures: CLOSED,
  },
  {
    what: 'asks questions instead, with escapes in them',
    behaviour: {
      login: (_, context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        context.prompt([{ prompt: ESCAPES, echo: true }], ESCAPES, ESCAPES, () => context.reject());
      },
    },
    failures: ['auth'],
  },
  {
    what: 'wants one login after the other',
    behaviour: { login: (_, context) => context.reject(['publickey'], true) },
    // ssh goes on as long as it is told that each was right.
    failures: { ssh2: ['auth'], openssh: ['timeout'] },
  },
];

export function wrongKeys(subject: Subject, keys: () => LoginKeys): void {
  it.concurrent.for(KEY_CASES)('$what never sees a login', async (given, { expect }) => {
    let logins = 0;
    const shown = await given.shows(keys());
    const server = await sshServer(shown, {
      login: () => {
        logins += 1;
      },
      ...(given.config === undefined ? {} : { config: given.config(keys()) }),
    });
    const knows = await given.knows(keys(), shown, server.port);
    const error = await bench(subject, keys(), expect).failureAt(server, ANSWER_MS, knows);
    expect(error.failure, error.message).toBe(of(subject.kind, given.failure));
    expect(logins).toBe(0);
  });
}

export function wrongLogins(subject: Subject, keys: () => LoginKeys): void {
  it.concurrent.for(LOGIN_CASES)('$what is told apart, and knocked at once', async (given, { expect }) => {
    let connections = 0;
    const server = await sshServer(keys().host, {
      ...given.behaviour,
      connection: () => {
        connections += 1;
      },
    });
    const failures = of(subject.kind, given.failures);
    const limitMs = failures.includes('timeout') ? WAIT_MS : ANSWER_MS;
    const error = await bench(subject, keys(), expect).failureAt(server, limitMs);
    expect(failures, error.message).toContain(error.failure);
    expect(error.message).toMatch(given.says === undefined ? /./ : of(subject.kind, given.says));
    expect(connections).toBe(1);
  });
}
