import { scryptSync } from 'node:crypto';
import type { UnitStep } from '../model/playbook.ts';
import type { UnitText } from '../model/unit-text.ts';
import { Secret } from '../util/secret.ts';
import { optionProblem } from './options.ts';
import type { Text } from './unit/codec.ts';
import type { ServiceSection } from './unit/section.ts';
import { isUnitText, unit } from './unit/text.ts';

/** A file on the host, or a secret: in the release, or encrypted for each host by itself. */
export type Credential =
  | Text
  | Secret
  | { readonly secret: Secret; readonly encrypted?: boolean | undefined };

type Credentials = { readonly [name: string]: Credential };

const FOLDER = 'credentials';
/** Where systemd itself looks for such files. */
const STORE = '/etc/credstore.encrypted';

/** The secrets of a unit: files of the release, and those that are encrypted on the host. */
export function unitSecrets(
  credentials: Credentials,
  service: string,
): Pick<Required<UnitStep>, 'credentials' | 'encrypted'> {
  const found = Object.entries(credentials).flatMap(([name, value]) => {
    const one = secretOf(value);
    return one === undefined ? [] : [{ name: checkedName(name), ...one }];
  });
  return {
    credentials: found
      .filter(({ encrypted }) => !encrypted)
      .map(({ name, secret }) => ({ path: `${FOLDER}/${name}`, content: secret, mode: '0400' })),
    encrypted: found
      .filter(({ encrypted }) => encrypted)
      .map(({ name, secret }) => ({ name, path: storePath(service, name, secret), content: secret })),
  };
}

/** The lines of the unit: a secret is found through the link that the release runs through, or in the store. */
export function credentialKeys(credentials: Credentials, service: string, current: UnitText): ServiceSection {
  const plain: { [name: string]: Text } = {};
  const encrypted: { [name: string]: Text } = {};
  for (const [name, value] of Object.entries(credentials)) {
    const one = secretOf(value);
    if (one === undefined) plain[name] = value as Text;
    else if (one.encrypted) encrypted[name] = storePath(service, checkedName(name), one.secret);
    else plain[name] = unit`${current}/${FOLDER}/${checkedName(name)}`;
  }
  return {
    ...(Object.keys(plain).length === 0 ? {} : { LoadCredential: plain }),
    ...(Object.keys(encrypted).length === 0 ? {} : { LoadCredentialEncrypted: encrypted }),
  };
}

function secretOf(
  value: Credential | null,
): { readonly secret: Secret; readonly encrypted: boolean } | undefined {
  if (value instanceof Secret) return { secret: value, encrypted: false };
  if (typeof value !== 'object' || isUnitText(value)) return undefined;
  if (value?.secret instanceof Secret) return { secret: value.secret, encrypted: value.encrypted === true };
  throw optionProblem('systemdUnit', 'credentials: expected a path, a secret or { secret, encrypted: true }');
}

/** As a file of a release may be called, and a credential of systemd. */
function checkedName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) return name;
  throw optionProblem('systemdUnit', `credentials: "${name}" is not a name such as "db" or "tls.key"`);
}

const paths = new Map<string, string>();

/**
 * Another text has another path, so that the release before finds its own. Everybody can read the path in the unit: it is made
 * slowly, and too short to tell a guess that is right from many that are not.
 */
function storePath(service: string, name: string, secret: Secret): string {
  const prefix = `${STORE}/pdeploy.${service}.${name}`;
  const key = `${prefix}\0${secret.reveal()}`;
  const known = paths.get(key) ?? `${prefix}.${scryptSync(secret.reveal(), prefix, 4).toString('hex')}`;
  paths.set(key, known);
  return known;
}
