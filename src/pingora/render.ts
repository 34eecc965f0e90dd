import { stringify } from 'yaml';
import { nearest } from '../config/did-you-mean.ts';
import { show } from '../config/show.ts';
import { optionProblem } from '../resource/options.ts';
import { Secret } from '../util/secret.ts';
import { valueProblem } from './key.ts';
import { KEY_NAMES, KEYS, keyNamed } from './keys.ts';
import type { ServerConf } from './server-conf.ts';
import { isAtLeast } from './version.ts';

/** What pdeploy sets itself, from options of their own. */
export type OwnConf = {
  readonly upgrade_sock: string;
  readonly grace_period_seconds: number;
  readonly graceful_shutdown_timeout_seconds: number;
};

/** What a program reads itself from the same file: anything that YAML can hold, secrets too. */
export type AppConf = object;

/**
 * Holds keys against the table of the declared version.
 * @throws UsageError PD2130
 */
export function checkConf(conf: { readonly [key: string]: unknown }, version: string): void {
  for (const [name, value] of Object.entries(conf)) {
    if (value === undefined) continue;
    const key = keyNamed(name);
    if (key === undefined) {
      const near = nearest(name, KEY_NAMES);
      throw problem(
        `Pingora has no key ${show(name)}${near === undefined ? '' : `, did you mean "${near}"?`}`,
        'what the program reads itself belongs into app: { ... }',
      );
    }
    if (key.own === true) throw problem(`${name} is set by pdeploy`, OWN_HINTS.get(name) ?? 'leave it out');
    if (!isAtLeast(version, key.since))
      throw problem(`${name} came with Pingora ${key.since}, and version is ${version}`, 'leave it out');
    const wrong = valueProblem(key, value);
    if (wrong !== undefined) throw problem(`${name}: ${wrong}, got ${show(value)}`);
  }
}

const OWN_HINTS: ReadonlyMap<string, string> = new Map([
  ['grace_period_seconds', "say grace: '30s'"],
  ['graceful_shutdown_timeout_seconds', "say shutdownTimeout: '5s'"],
  ['user', 'say user, and systemd starts the service as that'],
  ['group', 'say group, and systemd starts the service with that'],
]);

function problem(message: string, hint?: string) {
  return optionProblem('pingoraService', `conf: ${message}`, hint);
}

/**
 * The configuration of one instance as YAML, keys in the order of the table. Texts are quoted, so that none is taken for a
 * number or a word of YAML. With a secret in it the whole text is secret.
 */
export function renderConf(conf: ServerConf, own: OwnConf, appKey: string, app: AppConf): string | Secret {
  const values: ReadonlyMap<string, unknown> = new Map(Object.entries({ version: 1, ...conf, ...own }));
  const keys = KEYS.map((key) => key.name).filter((name) => values.get(name) !== undefined);
  const found: Secret[] = [];
  const body = {
    ...Object.fromEntries(keys.map((name) => [name, values.get(name)])),
    ...(Object.keys(app).length === 0 ? {} : { [appKey]: revealed(app, found) }),
  };
  const text = stringify(body, {
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    aliasDuplicateObjects: false,
  });
  return found.length === 0 ? text : Secret.around('configuration', text);
}

function revealed(value: unknown, found: Secret[]): unknown {
  if (value instanceof Secret) {
    found.push(value);
    return value.reveal();
  }
  if (Array.isArray(value)) return value.map((item) => revealed(item, found));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, revealed(item, found)]],
    ),
  );
}
