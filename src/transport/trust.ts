import type { Host } from '../model/host.ts';
import type { AskPassphrase } from './identities.ts';
import { recordHostKey as append } from './known-hosts/record.ts';
import type { OfferedKey } from './offered-key.ts';
import type { ConnectOptions } from './port.ts';
import type { SshConfigReader } from './ssh-config.ts';
import { createSsh2Transport } from './ssh2.ts';

type TrustOptions = ConnectOptions & {
  readonly env: NodeJS.ProcessEnv;
  /** For a jump host on the way. */
  readonly askPassphrase?: AskPassphrase;
  readonly sshConfigOf?: SshConfigReader;
};

/**
 * The key a host shows, for a person to compare before it is recorded: one handshake, no login to that host.
 * Rejects with ConnectError, also when the host is known by another key: that is for a person to sort out in the file.
 */
export async function fetchHostKey(host: Host, options: TrustOptions): Promise<OfferedKey> {
  const transport = createSsh2Transport({
    ...options,
    policy: 'strict',
    commandLine: () => {
      throw new Error('no command is run to fetch a host key');
    },
  });
  try {
    return await transport.offeredKey(host, options);
  } finally {
    await transport.close();
  }
}

/** Records a key where connections to its host will look first; returns that file. */
export async function recordHostKey(host: Host, key: OfferedKey): Promise<string> {
  if (key.name !== host.name) throw new Error(`a key of ${key.name}, not of ${host.name}`);
  await append(key.file, key.line);
  return key.file;
}
