import { type ChooseOptions, chooseTransport } from './choose.ts';
import { knownHostsReader } from './known-hosts/load.ts';
import type { Transport } from './port.ts';
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
  let openssh: Promise<Transport> | undefined;
  // Few fleets need it, so it is loaded when one does.
  const second = async (): Promise<Transport> => {
    const { createOpensshTransport } = await import('./openssh/transport.ts');
    return createOpensshTransport({ ...options, sshConfigOf });
  };
  return {
    kind: 'auto',
    connect: async (host, connect) => {
      const choice = await chooseTransport(host, choosing);
      if (choice.kind === 'ssh2') return await ssh2.connect(host, connect);
      options.onOpenssh?.(host.name, choice.why);
      openssh ??= second();
      return await (await openssh).connect(host, connect);
    },
    offeredKey: (host, connect) => ssh2.offeredKey(host, connect),
    close: async () => {
      await Promise.all([ssh2.close(), openssh?.then((transport) => transport.close())]);
    },
  };
}
