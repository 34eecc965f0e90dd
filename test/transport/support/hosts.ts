import type { Connection, Host } from '../../../src/model/host.ts';
import type { Sshd } from './sshd.ts';

/** A host as the inventory gives it. */
export function testHost(connection: Partial<Connection>, name = 'edge-01'): Host {
  return {
    name,
    connection: {
      address: '127.0.0.1',
      port: 22,
      user: 'root',
      identities: [],
      knownHosts: [],
      hostKeys: [],
      jump: [],
      transport: 'ssh2',
      unset: [],
      ...connection,
    },
    groups: ['all'],
    vars: new Map(),
    instances: [],
  };
}

/** The host behind a test's sshd, known and with the key that may log in. */
export function hostOf(sshd: Sshd, more: Partial<Connection> = {}, name?: string): Host {
  const { port, user, knownHosts, login } = sshd;
  return testHost({ port, user, identities: [login.file], knownHosts: [knownHosts], ...more }, name);
}
