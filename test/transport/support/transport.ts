import type { ConnectError } from '../../../src/errors.ts';
import type { Host } from '../../../src/model/host.ts';
import type { OfferedKey } from '../../../src/transport/offered-key.ts';
import type { Session, Transport } from '../../../src/transport/port.ts';
import { createSsh2Transport, type Ssh2Options, type Ssh2Transport } from '../../../src/transport/ssh2.ts';

const QUICK_RETRY = { retries: 5, leastMs: 20, mostMs: 200 };

/** A transport for tests: strict, quick to try again, without the user's ssh_config and agent. */
export function testTransport(more: Partial<Ssh2Options> = {}): Ssh2Transport {
  return createSsh2Transport({
    commandLine: () => 'exec cat',
    policy: 'strict',
    env: { HOME: '/nonexistent' },
    keepalive: { intervalMs: 500, countMax: 3 },
    retry: QUICK_RETRY,
    ...more,
  });
}

/** Does something with a session and takes both down again. */
export async function withSession<T>(
  host: Host,
  use: (session: Session) => Promise<T>,
  more: Partial<Ssh2Options> = {},
): Promise<T> {
  const transport = testTransport(more);
  try {
    return await use(await transport.connect(host, {}));
  } finally {
    await transport.close();
  }
}

/** Connects and proves with a command that the connection works. */
export async function echoes(host: Host, more: Partial<Ssh2Options> = {}): Promise<boolean> {
  return await withSession(
    host,
    async (session) => {
      const result = await session.run('agent', { stdin: Buffer.from('hello'), deadlineMs: 10_000 });
      return result.kind === 'exited' && result.code === 0 && result.stdout === 'hello';
    },
    more,
  );
}

/** The error with which a connection fails. */
export async function connectFailure(
  host: Host,
  more: Partial<Ssh2Options> = {},
  transport: Transport = testTransport(more),
  timeoutMs = 5_000,
): Promise<ConnectError> {
  try {
    await transport.connect(host, { timeoutMs });
  } catch (error) {
    return error as ConnectError;
  } finally {
    await transport.close();
  }
  throw new Error('it connected');
}

/** The key a host shows to somebody who wants to trust it. */
export async function offeredKey(host: Host): Promise<OfferedKey> {
  const transport = testTransport();
  try {
    return await transport.offeredKey(host, { timeoutMs: 5_000 });
  } finally {
    await transport.close();
  }
}
