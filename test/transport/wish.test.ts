import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wishes } from '../../src/execute/wishes.ts';
import { createOpensshTransport } from '../../src/transport/openssh/transport.ts';
import { tryByOpenssh } from '../../src/transport/openssh/wish.ts';
import { createSsh2Transport } from '../../src/transport/ssh2.ts';
import { REFUSED, tryAll } from '../../src/transport/wish.ts';
import { hostOf } from './support/hosts.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { type Sshd, startSshd } from './support/sshd.ts';

/** Answers like an agent that gets no request. */
const FORCED = `command="read -r x; echo 'pdeploy-end - 1 bad-request bm8='"`;

const CASES = [
  ['free', '', ['a command', 'a shell', 'scp', 'sftp', 'a terminal', 'forwarding', 'forwarding back']],
  ['restricted', 'restrict ', ['a command', 'a shell', 'scp', 'sftp']],
  ['bound to a command', `${FORCED} `, ['a terminal', 'forwarding', 'forwarding back']],
  ['both', `restrict,${FORCED} `, []],
  ['both, but for one', `restrict,pty,${FORCED} `, ['a terminal']],
] as const;

/** Of what it takes to run one as root, or the agent, a developer's machine may have nothing. */
const ELSEWHERE = ['a command as root', 'the agent with arguments'];

let sshd: Sshd;
const keys = new Map<string, TestKey>();

beforeAll(async () => {
  sshd = await startSshd({ settings: ['Subsystem sftp internal-sftp'] });
  await mkdir(join(sshd.dir, 'run'));
  const lines: string[] = [];
  for (const [index, [name, options]] of CASES.entries()) {
    const key = await makeKey(sshd.dir, `key${index}`);
    keys.set(name, key);
    lines.push(`${options}${key.publicLine}\n`);
  }
  await writeFile(join(sshd.dir, 'authorized_keys'), lines.join(''));
});
afterAll(() => sshd.stop());

describe.each([
  ['ssh2', createSsh2Transport],
  ['openssh', createOpensshTransport],
] as const)('by %s', (_kind, create) => {
  test.each(CASES)('what a key gets that is %s', async (name, _options, expected) => {
    const env = { HOME: sshd.dir, PATH: process.env.PATH, XDG_RUNTIME_DIR: join(sshd.dir, 'run') };
    const transport = create({ commandLine: () => '', policy: 'strict', env, configFile: '/dev/null' });
    try {
      const host = hostOf(sshd, { identities: [keys.get(name)?.file ?? ''] });
      const attempts = await transport.attempts(host, wishes(sshd.port), { timeoutMs: 5_000 });
      expect(attempts.map((attempt) => attempt.name)).toEqual(wishes(22).map((wish) => wish.name));
      expect(attempts.filter((attempt) => attempt.outcome === 'unclear')).toEqual([]);
      const allowed = attempts.filter((attempt) => attempt.outcome === 'allowed').map((a) => a.name);
      expect(allowed.filter((wish) => !ELSEWHERE.includes(wish))).toEqual(expected);
    } finally {
      await transport.close();
    }
  });
});

describe('without a connection nothing is refused', () => {
  const lost = { outcome: 'unclear', why: 'the connection was lost' };

  test.each(wishes(22))('$name by OpenSSH', async (wish) => {
    const shared = { program: 'ssh', env: process.env, socket: join(sshd.dir, 'absent') };
    expect(await tryByOpenssh(shared, wish)).toEqual(lost);
  });

  test('whatever the attempt made of it', async () => {
    const attempts = await tryAll({ alive: false }, wishes(22).slice(0, 1), () => Promise.resolve(REFUSED));
    expect(attempts).toEqual([{ name: 'a command', ...lost }]);
  });
});
