import type { Host } from '../model/host.ts';
import { type ChooseOptions, chooseTransport } from './choose.ts';
import { knownHostsReader } from './known-hosts/load.ts';
import type { OpensshTransport } from './openssh/transport.ts';
import { sshConfigReader } from './ssh-config.ts';
import { createSsh2Transport, type Ssh2Options, type Ssh2Transport } from './ssh2.ts';

export type AutoOptions = Ssh2Options & {
  /** Called for each host that is reached by the user's OpenSSH, with the reason. */
  readonly onOpenssh?: (host: string, why: string) => void;
};

/** Each host by the transport that it needs: ssh2, or where that cannot do it, OpenSSH. */
export type AutoTransport = Omit<Ssh2Transport, 'kind'> & { readonly kind: 'auto' };

export function createAutoTransport(options: AutoOptions): AutoTransport {
  const sshConfigOf = options.sshConfigOf ?? sshConfigReader({ env: options.env });
  const ssh2 = createSsh2Transport({ ...options, sshConfigOf });
  const choosing: ChooseOptions = { env: options.env, sshConfigOf, readKnownHosts: knownHostsReader() };
  let openssh: Promise<OpensshTransport> | undefined;
  // Few fleets need it, so it is loaded when one does.
  const second = async (): Promise<OpensshTransport> => {
    const { createOpensshTransport } = await import('./openssh/transport.ts');
    return createOpensshTransport({ ...options, sshConfigOf });
  };
  const transportOf = async (host: Host): Promise<Ssh2Transport | OpensshTransport> => {
    const choice = await chooseTransport(host, choosing);
    if (choice.kind === 'ssh2') return ssh2;
    options.onOpenssh?.(host.name, choice.why);
    openssh ??= second();
    return await openssh;
  };
  return {
    kind: 'auto',
    connect: async (host, connect) => (await transportOf(host)).connect(host, connect),
    attempts: async (host, wishes, connect) => (await transportOf(host)).attempts(host, wishes, connect),
    offeredKey: (host, connect) => ssh2.offeredKey(host, connect),
    close: async () => {
      await Promise.all([ssh2.close(), openssh?.then((transport) => transport.close())]);
    },
  };
}
