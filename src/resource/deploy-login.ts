import { AGENT_PATH } from '../host/commands.ts';
import {
  authorizedKeys,
  authorizedKeysPath,
  type Grant,
  homeOf,
  POLICY_PATH,
  policyText,
  SUDOERS_PATH,
  sudoers,
} from '../host/privileges/grant.ts';
import type { ResourceKind, ResourceStep } from '../model/resource.ts';
import { commandKind } from './kinds/command.ts';
import { directoryKind } from './kinds/directory.ts';
import { type File, fileKind } from './kinds/file.ts';
import { userKind } from './kinds/user.ts';
import { resourceStep } from './step.ts';

/** sshd runs a forced command by it. */
export const LOGIN_SHELL = '/bin/sh';

/** Beside the policy: sudo reads every file of sudoers.d, also one that is being written. */
const DRAFT = '/etc/pdeploy/sudoers.new';

/**
 * The least-privilege login of a host, in the order in which it may be cut off at any place: what bounds the login is
 * there before the key that opens it. All files are root's, so the login cannot change what binds it.
 */
export function deployLogin(grant: Grant): readonly ResourceStep[] {
  const { login } = grant;
  const home = homeOf(login);
  const root = { owner: 'root', group: 'root' } as const;
  const directory = (path: string): ResourceStep =>
    resourceStep(path, directoryKind, { path, ...root, mode: '0755' });
  const file = (path: string, content: string, mode: string, kind = fileKind('prepare')): ResourceStep =>
    resourceStep(path, kind, { path, content, ...root, mode });
  return [
    resourceStep(login, userKind, { name: login, home, shell: LOGIN_SHELL, comment: 'pdeploy' }),
    resourceStep('no-password', commandKind('prepare'), noPassword(login)),
    directory('/etc/pdeploy'),
    file(POLICY_PATH, policyText(grant), '0644'),
    file(SUDOERS_PATH, sudoers(login), '0440', sudoersKind(login)),
    directory(home),
    directory(`${home}/.ssh`),
    file(authorizedKeysPath(login), authorizedKeys(grant), '0644'),
  ];
}

/** No password fits, and still the account is not locked, as which a sshd without PAM would refuse it (shadow(5)). */
function noPassword(login: string) {
  const unless = ['sh', '-c', 'case $(getent shadow "$1") in "$1:*:"*) ;; *) exit 1 ;; esac', 'sh', login];
  return {
    name: 'no-password',
    argv: ['usermod', '-p', '*', login],
    unless,
    revert: undefined,
    irreversible: undefined,
  };
}

/** A file of sudoers: one with a mistake in it takes sudo from everybody, so it is checked before it is in its place. */
export function sudoersKind(login: string): ResourceKind<File> {
  const plain = fileKind('prepare');
  return {
    ...plain,
    ops: (file, answers) => {
      if (plain.diff(file, answers).length === 0) return [];
      return [
        { kind: 'file', ...file, path: DRAFT },
        { kind: 'command', argv: ['visudo', '-c', '-q', '-f', DRAFT] },
        { kind: 'file', ...file },
        { kind: 'remove', path: DRAFT },
        { kind: 'command', argv: ['visudo', '-c', '-q'] },
        // Tells whether sudo reads the file at all.
        { kind: 'command', argv: ['sudo', '-n', '-l', '-U', login, AGENT_PATH] },
      ];
    },
  };
}
