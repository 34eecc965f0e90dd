export const AGENT_PATH = '/usr/local/libexec/pdeploy-agent';

/**
 * Takes the script from standard input, checks it against the digest in its second line, puts it in place by rename
 * and lets it install itself. No single quotes: it is one argument of `sh -c`.
 */
const INSTALL = [
  'set -eu',
  'umask 022',
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'export PATH',
  'd=/usr/local/libexec/pdeploy',
  'mkdir -p $d',
  't=$(mktemp $d/.new.XXXXXX)',
  'trap "rm -f $t" EXIT',
  'cat >$t',
  's=$(sed -n "2s/^AGENT=\\([0-9a-f]\\{64\\}\\)\\$/\\1/p" $t)',
  'set -- $(tail -n +3 $t | sha256sum)',
  '[ "$1" = "$s" ] || { echo "pdeploy: the agent arrived damaged" >&2; exit 65; }',
  'chmod 0755 $t',
  'sync $t',
  'mv -T $t $d/agent-$s',
  'trap - EXIT',
  'exec $d/agent-$s install',
].join('; ');

/**
 * The exact text of the remote commands. None takes anything from the user.
 * @param sudo the login is not root, so it has to become root
 * @param unbound the policy of the host does not bind the agent; only root, and whoever may do everything by sudo, can
 *   ask for that, because the sudoers rule of a deploy login allows no argument
 */
export function commandLine(command: 'agent' | 'install-agent', sudo: boolean, unbound = !sudo): string {
  const prefix = sudo ? 'sudo -n ' : '';
  switch (command) {
    case 'agent':
      return `${prefix}${AGENT_PATH}${unbound ? ' root' : ''}`;
    case 'install-agent':
      return `${prefix}/bin/sh -c '${INSTALL}'`;
  }
}
