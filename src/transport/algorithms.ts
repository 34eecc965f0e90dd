import type { Algorithms } from 'ssh2';

type HostKeyAlgorithm =
  | 'ssh-ed25519'
  | `ecdsa-sha2-nistp${256 | 384 | 521}`
  | 'rsa-sha2-512'
  | 'rsa-sha2-256';

/** Host key types, best first, and the algorithms that stand for each. An RSA key never means SHA-1. */
const HOST_KEYS: ReadonlyMap<string, readonly HostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** The key types of `types` that can be verified here, best first. */
export function verifiableTypes(types: Iterable<string>): string[] {
  const wanted = new Set(types);
  return [...HOST_KEYS.keys()].filter((type) => wanted.has(type));
}

export function allHostKeyTypes(): string[] {
  return [...HOST_KEYS.keys()];
}

/** What is offered to a server: nothing with SHA-1 or CBC, and AES-128-GCM first because it is the fastest. */
export function algorithmsFor(hostKeyTypes: readonly string[]): Algorithms {
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'diffie-hellman-group16-sha512',
    ],
    cipher: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'chacha20-poly1305@openssh.com',
      'aes256-ctr',
    ],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
    compress: ['none'],
    serverHostKey: hostKeyTypes.flatMap((type) => HOST_KEYS.get(type) ?? []),
  };
}
