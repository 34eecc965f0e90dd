import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { secretRef } from '../config/secret-tag.ts';
import type { Position } from '../errors.ts';
import type { Host, Instance } from '../model/host.ts';
import type { Json, Vars } from '../model/json.ts';
import type { Playbook } from '../model/playbook.ts';
import { Secret } from '../util/secret.ts';
import { resolveSecrets, type Secrets } from './resolve.ts';
import type { Surroundings, Wanted } from './wanted.ts';

type Filled = { readonly playbook: Playbook; readonly hosts: readonly Host[] };

/**
 * The playbook and the hosts with the secrets that they name; every one is got, or none and all problems are told.
 * @param file of the playbook, to say where it names a secret
 * @throws UsageError see `resolveSecrets`
 */
export async function withSecrets(
  playbook: Playbook,
  hosts: readonly Host[],
  around: Surroundings,
  file?: string,
): Promise<Filled> {
  const wanted = [...wantedBy(playbook, file, around.project), ...wantedOf(hosts)];
  if (wanted.length === 0) return { playbook, hosts };
  return fill(playbook, hosts, await resolveSecrets(wanted, around));
}

/** The same with a text in place of each secret: none is got, and no program is started. */
export function withPlaceholders(playbook: Playbook, hosts: readonly Host[]): Filled {
  return fill(playbook, hosts, () => Secret.around('placeholder', 'a placeholder for a secret'));
}

function fill(playbook: Playbook, hosts: readonly Host[], secrets: Secrets): Filled {
  const own = Object.fromEntries([...playbook.secrets].map(([name, source]) => [name, secrets(source)]));
  return {
    playbook: { ...playbook, steps: (ctx) => playbook.steps({ ...ctx, secrets: own }) },
    hosts: hosts.map((host) => ({
      ...host,
      vars: filledVars(host.vars, secrets),
      instances: host.instances.map((instance) => ({
        ...instance,
        vars: filledVars(instance.vars, secrets),
      })),
    })),
  };
}

/** What a playbook names. */
export function wantedBy(playbook: Playbook, file: string | undefined, project: string): readonly Wanted[] {
  return [...playbook.secrets].map(([name, source]) => {
    const at = file === undefined ? undefined : placeIn(file, name, project);
    const what = `secrets.${name} of playbook ${playbook.name}`;
    return at === undefined ? { source, what } : { source, what, at };
  });
}

/** Where a playbook names a secret: the first line after `secrets:` that has the name as a key. */
function placeIn(file: string, name: string, project: string): Position | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  const from = Math.max(
    lines.findIndex((line) => /\bsecrets\s*:/.test(line)),
    0,
  );
  for (const [index, line] of lines.entries()) {
    const col = index < from ? -1 : line.indexOf(`${name}:`);
    if (col >= 0) return { file: shown(file, project), line: index + 1, col: col + 1 };
  }
  return undefined;
}

function shown(file: string, project: string): string {
  const inside = relative(project, file);
  return inside.startsWith('..') ? file : inside;
}

/** What variables of hosts and their instances name. */
export function wantedOf(hosts: readonly Host[]): readonly Wanted[] {
  return hosts.flatMap(wantedOn);
}

function wantedOn(host: Host): readonly Wanted[] {
  const of = (vars: Vars, who: string): readonly Wanted[] =>
    [...vars].flatMap(([name, value]) =>
      refsIn(value).map(({ source, ...at }) => ({ source, what: `${name} of ${who}`, at })),
    );
  return [
    ...of(host.vars, host.name),
    ...host.instances.flatMap((instance: Instance) => of(instance.vars, instance.id)),
  ];
}

function refsIn(value: Json): readonly NonNullable<ReturnType<typeof secretRef>>[] {
  if (typeof value !== 'object' || value === null) return [];
  const ref = secretRef(value);
  return ref === undefined ? Object.values(value).flatMap((item: Json) => refsIn(item)) : [ref];
}

/** From here on a variable may hold a Secret where the model says Json: playbooks check what they are given. */
function filledVars(vars: Vars, secrets: Secrets): Vars {
  return new Map([...vars].map(([name, value]) => [name, filled(value, secrets) as Json]));
}

function filled(value: Json, secrets: Secrets): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const ref = secretRef(value);
  if (ref !== undefined) return secrets(ref.source);
  if (Array.isArray(value)) return value.map((item: Json) => filled(item, secrets));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item as Json, secrets)]));
}
