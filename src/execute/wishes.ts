import { AGENT_PATH } from '../host/commands.ts';
import type { Wish } from '../transport/wish.ts';

/** Only a shell makes that of it. */
const SUM = 'echo pdeploy-$((40 + 2))';
const PROOF = /pdeploy-42/;

/** SSH_FXP_INIT of version 3, and the type of what answers it (draft-ietf-secsh-filexfer-02, 4). */
const SFTP_INIT = Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]);
// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes of a protocol
const SFTP_VERSION = /^\0\0..\u0002/s;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a byte of a protocol
const SCP_READY = /^[\0\u0001\u0002]/;

/** What somebody with the key of a deploy login would try first. @param port of its sshd */
export function wishes(port: number): readonly Wish[] {
  return [
    { name: 'a command', how: 'command', command: SUM, proof: PROOF },
    { name: 'a shell', how: 'shell', input: `${SUM}\n`, proof: PROOF },
    { name: 'a command as root', how: 'command', command: `sudo -n sh -c '${SUM}'`, proof: PROOF },
    {
      name: 'the agent with arguments',
      how: 'command',
      // With this argument, which an agent of any version refuses, it says nothing but that it stopped.
      command: `sudo -n ${AGENT_PATH} none-such`,
      proof: /^pdeploy-end - 1 failed /,
    },
    // It says that it is ready with a NUL, and gets nothing.
    { name: 'scp', how: 'command', command: 'scp -t /nonexistent', proof: SCP_READY },
    { name: 'sftp', how: 'subsystem', subsystem: 'sftp', input: SFTP_INIT, proof: SFTP_VERSION },
    { name: 'a terminal', how: 'terminal', command: SUM, proof: PROOF },
    { name: 'forwarding', how: 'forward', port },
    { name: 'forwarding back', how: 'reverse' },
  ];
}
