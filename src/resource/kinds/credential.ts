import type { EncryptedCredential } from '../../model/playbook.ts';
import type { ResourceKind, ResourceStep } from '../../model/resource.ts';
import { resourceStep } from '../step.ts';
import { pathAnswer } from './directory.ts';

export const credentialKind: ResourceKind<EncryptedCredential> = {
  kind: 'credential',
  phase: 'prepare',
  describe: ({ name }) => `encrypted credential ${name}`,
  queries: ({ path }, id) => [{ kind: 'path', id, path, text: false }],
  diff: ({ path, name }, [answer]) =>
    pathAnswer(answer, 'file', path) === undefined
      ? [{ field: 'state', from: 'absent', to: `${name}, encrypted for this host` }]
      : [],
  ops: (credential, answers) =>
    credentialKind.diff(credential, answers).length === 0 ? [] : [{ kind: 'credential', ...credential }],
};

/** What a unit with encrypted credentials needs on the host. */
export function credentialStep(credential: EncryptedCredential): ResourceStep {
  return resourceStep(credential.path, credentialKind, credential);
}
