import { readFile } from 'node:fs/promises';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { type Agent, askAgent } from './agent.ts';
import type { Endpoint } from './endpoint.ts';
import { fingerprint, keyType } from './key-blob.ts';
import { publicHalf, publicKeyOf } from './private-key.ts';

/** One key to try, and how a message calls it. */
export type Credential = { readonly label: string; readonly method: AnyAuthMethod };

export type Credentials = {
  readonly usable: readonly Credential[];
  /** Keys that were left out, each with the reason. */
  readonly skipped: readonly string[];
};

export type AskPassphrase = (keyFile: string) => Promise<string>;

/** A server hangs up after this many failed keys (MaxAuthTries). */
const MOST_KEYS = 6;
const PASSPHRASE_TRIES = 3;

type KeyFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'plain'; readonly key: ParsedKey }
  /** Only the public half is here; the agent may hold the other. */
  | { readonly kind: 'public'; readonly publicKey: Buffer }
  | { readonly kind: 'encrypted'; readonly text: string; readonly publicKey: Buffer | undefined };

/** Finds the keys for an endpoint. Files are read once and a passphrase is asked for once, for all hosts. */
export function keyring(askPassphrase: AskPassphrase | undefined) {
  const files = new Map<string, Promise<KeyFile>>();
  const unlocked = new Map<string, Promise<ParsedKey | string>>();
  const fileOf = (path: string): Promise<KeyFile> => once(files, path, () => readKeyFile(path));
  const unlock = (path: string, text: string): Promise<ParsedKey | string> =>
    once(unlocked, path, () => decrypt(path, text, askPassphrase));

  return async (endpoint: Endpoint): Promise<Credentials> => {
    const agent = await askAgent(endpoint.agentSocket);
    const username = endpoint.user;
    const usable: Credential[] = [];
    const skipped: string[] = [];
    const used = new Set<string>();
    const add = (label: string, blob: Buffer, method: AnyAuthMethod): void => {
      const print = fingerprint(blob);
      if (used.has(print)) return;
      used.add(print);
      if (usable.length < MOST_KEYS) usable.push({ label: `${label} ${print}`, method });
      else skipped.push(`${label} ${print} (a server hangs up after ${MOST_KEYS} keys)`);
    };
    const addAgentKey = (from: Agent, key: ParsedKey, label: string): void =>
      add(label, key.getPublicSSH(), { type: 'agent', username, agent: from.only(key) });

    if (!endpoint.identitiesOnly && agent !== undefined) {
      for (const key of agent.keys) addAgentKey(agent, key, `agent key ${key.comment}`.trim());
    }
    const locked: { readonly path: string; readonly text: string }[] = [];
    for (const path of endpoint.identityFiles) {
      const file = await fileOf(path);
      if (file.kind === 'absent') {
        if (endpoint.identitiesOnly) skipped.push(`${path} (no such file)`);
      } else if (file.kind === 'unusable') skipped.push(`${path} (${file.why})`);
      else if (file.kind === 'plain') {
        add(path, file.key.getPublicSSH(), { type: 'publickey', username, key: file.key });
      } else {
        const { publicKey } = file;
        const held = publicKey && agent?.keys.find((key) => key.getPublicSSH().equals(publicKey));
        if (agent !== undefined && held !== undefined) addAgentKey(agent, held, `${path} in the agent`);
        else if (file.kind === 'encrypted') locked.push({ path, text: file.text });
        else skipped.push(`${path} (the agent does not hold it)`);
      }
    }
    for (const { path, text } of locked) {
      if (usable.length > 0 && !endpoint.identitiesOnly) {
        skipped.push(`${path} (needs a passphrase)`);
        continue;
      }
      const key = await unlock(path, text);
      if (typeof key === 'string') skipped.push(`${path} (${key})`);
      else add(path, key.getPublicSSH(), { type: 'publickey', username, key });
    }
    return { usable, skipped };
  };
}

/** Why a key file cannot be used by ssh2 at all; `undefined` when it can, or is not there. */
export async function needsOpensshKey(path: string): Promise<string | undefined> {
  const text = (await readText(`${path}.pub`)) ?? '';
  const blob = publicKeyOf(text) ?? publicHalf((await readText(path)) ?? '');
  const type = blob === undefined ? undefined : keyType(blob);
  if (type?.startsWith('sk-') === true) return `${path} is a key of a security token`;
  return type?.includes('-cert-') === true ? `${path} is a certificate` : undefined;
}

async function readKeyFile(path: string): Promise<KeyFile> {
  let text: string | undefined;
  try {
    text = await readText(path);
  } catch (error) {
    return { kind: 'unusable', why: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}` };
  }
  const published = publicKeyOf((await readText(`${path}.pub`).catch(() => undefined)) ?? '');
  if (text === undefined)
    return published === undefined ? { kind: 'absent' } : { kind: 'public', publicKey: published };
  const { utils } = (await import('ssh2')).default;
  const key = utils.parseKey(text);
  if (!(key instanceof Error)) {
    return key.isPrivateKey() ? { kind: 'plain', key } : { kind: 'public', publicKey: key.getPublicSSH() };
  }
  if (!/no passphrase/.test(key.message)) {
    return {
      kind: 'unusable',
      why: (await needsOpensshKey(path)) ?? 'is no private key that can be read here',
    };
  }
  return { kind: 'encrypted', text, publicKey: publicHalf(text) ?? published };
}

async function decrypt(
  path: string,
  text: string,
  ask: AskPassphrase | undefined,
): Promise<ParsedKey | string> {
  if (ask === undefined) return 'needs a passphrase';
  const { utils } = (await import('ssh2')).default;
  for (let n = 0; n < PASSPHRASE_TRIES; n += 1) {
    const key = utils.parseKey(text, await ask(path));
    if (!(key instanceof Error)) return key;
  }
  return 'the passphrase was wrong';
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}
