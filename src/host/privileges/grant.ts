import { AGENT_PATH } from '../commands.ts';
import type { PublicKey } from './public-keys.ts';

/** What a host lets a deploy login do, and who may log in as it. */
export type Grant = {
  readonly login: string;
  readonly keys: readonly PublicKey[];
  /** Patterns of `from=` in authorized_keys(5); empty: from everywhere. */
  readonly from: readonly string[];
  readonly policy: 'deploy' | 'host';
  /** Services that the deploy policy names. */
  readonly services: readonly string[];
  /** What deployments may drain at an HAProxy of the host. */
  readonly balancers: readonly BalancerGrant[];
  /** Lines of the policy that is there now which stay: somebody pinned a key, or let a backend be drained. */
  readonly kept: readonly string[];
};

export type BalancerGrant = { readonly service: string; readonly socket: string; readonly backend: string };

export const POLICY_PATH = '/etc/pdeploy/policy';
/** Not named after the login, so that a second login cannot be there unseen. */
export const SUDOERS_PATH = '/etc/sudoers.d/pdeploy';

/** Whatever this key asks sshd for, it gets the agent (authorized_keys(5): `restrict`, `command`). */
export const FORCED_COMMAND = `exec sudo -n ${AGENT_PATH}`;

const NOTE = 'Written by pdeploy hosts bootstrap.';

export function homeOf(login: string): string {
  return `/home/${login}`;
}

export function authorizedKeysPath(login: string): string {
  return `${homeOf(login)}/.ssh/authorized_keys`;
}

export function authorizedKeys(grant: Grant): string {
  const from = grant.from.length === 0 ? '' : `from="${grant.from.join(',')}",`;
  const lines = grant.keys.map(({ type, base64, comment }) =>
    `restrict,${from}command="${FORCED_COMMAND}" ${type} ${base64} ${comment}`.trimEnd(),
  );
  return [`# ${NOTE}`, ...lines, ''].join('\n');
}

/** One command, without arguments (sudoers(5): `""`). With a pseudo-terminal sudo would copy all that is sent. */
export function sudoers(login: string): string {
  return [
    `# ${NOTE}`,
    `Defaults:${login} !use_pty`,
    `${login} ALL=(root) NOPASSWD: ${AGENT_PATH} ""`,
    '',
  ].join('\n');
}

export function policyText(grant: Omit<Grant, 'keys' | 'from' | 'login'>): string {
  const backends = grant.policy === 'deploy' ? grant.balancers.map(balancerLine) : [];
  return [
    `# ${NOTE} It binds every login but root.`,
    `policy ${grant.policy}`,
    ...(grant.policy === 'deploy' ? grant.services.map((service) => `service ${service}`) : []),
    ...new Set([...backends, ...grant.kept]),
    '',
  ].join('\n');
}

export function balancerLine({ service, socket, backend }: BalancerGrant): string {
  return `balancer ${service} ${socket} ${backend}`;
}

/** What `hosts bootstrap` does not decide, and so does not take away. @param policy as it is on the host */
export function keptLines(policy: string | undefined): readonly string[] {
  return (policy ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([key]) => key === 'balancer' || key === 'minisign')
    .map((words) => words.join(' '));
}
