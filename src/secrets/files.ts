import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../config/text-file.ts';
import { decryptFile } from './age.ts';
import { readIdentities } from './identities.ts';
import { runProgram } from './run-program.ts';
import { faultText, lookUp, noSuchKey, readTree, type Tree } from './tree.ts';
import { type Failure, failure, type Surroundings, type Text } from './wanted.ts';

/** Folder of a project with its files of secrets. */
export const SECRETS_FOLDER = 'secrets';

/** Reads files of secrets, each once. */
export type SecretFiles = {
  readonly named: (name: string) => Promise<Text | Failure>;
  readonly keyed: (kind: 'age' | 'sops', file: string, key: string) => Promise<Text | Failure>;
};

export function secretFiles(around: Surroundings): SecretFiles {
  const opened = new Map<string, Promise<Tree | Failure>>();
  const open = (kind: 'age' | 'sops', file: string): Promise<Tree | Failure> => {
    const known = opened.get(file) ?? (kind === 'age' ? openAge(file, around) : openSops(file, around));
    opened.set(file, known);
    return known;
  };
  return {
    keyed: async (kind, file, key) => {
      const tree = await open(kind, file);
      if (tree.kind === 'failure') return tree;
      return lookUp(tree, key, file) ?? noSuchKey([tree], key, file);
    },
    named: async (name) => {
      const files = candidates(around.inventory);
      const there = files.filter(({ file }) => existsSync(resolve(around.project, file)));
      if (there.length === 0)
        return failure(
          'PD2141',
          `there is no file of secrets for ${name}`,
          `one of ${files.map(({ file }) => file).join(', ')}: pdeploy secrets edit ${files[0]?.file ?? ''}`,
        );
      const trees: Tree[] = [];
      for (const { kind, file } of there) {
        const tree = await open(kind, file);
        if (tree.kind === 'failure') return tree;
        const found = lookUp(tree, name, file);
        if (found !== undefined) return found;
        trees.push(tree);
      }
      return noSuchKey(trees, name, there.map(({ file }) => file).join(', nor in '));
    },
  };
}

/** Where a name is looked for, the first that has it. */
function candidates(
  inventory: string | undefined,
): readonly { readonly kind: 'age' | 'sops'; readonly file: string }[] {
  return [...(inventory === undefined ? [] : [inventory]), 'all'].flatMap((name) => [
    { kind: 'age' as const, file: `${SECRETS_FOLDER}/${name}.yaml.age` },
    { kind: 'sops' as const, file: `${SECRETS_FOLDER}/${name}.sops.yaml` },
  ]);
}

async function openAge(file: string, around: Surroundings): Promise<Tree | Failure> {
  const plain = await readAge(file, around);
  if (typeof plain !== 'string') return plain;
  const tree = readTree(plain, file);
  return tree.kind === 'tree'
    ? tree
    : failure('PD2142', faultText(file, tree), `pdeploy secrets edit ${file}`);
}

/** The text of an encrypted file. */
export async function readAge(file: string, around: Surroundings): Promise<string | Failure> {
  let raw: Buffer;
  try {
    raw = readFileSync(resolve(around.project, file));
  } catch (error) {
    return failure('PD2142', `cannot read ${file}: ${reasonOf(error)}`);
  }
  const identities = await readIdentities(around);
  if (identities.kind === 'failure') return identities;
  const result = await decryptFile(raw, identities.list);
  switch (result.kind) {
    case 'ok':
      return result.plain.toString('utf8');
    case 'no-key':
      return failure(
        'PD2142',
        `no key in ${identities.file} opens ${file}`,
        `somebody who can open it adds you to secrets/.recipients and runs pdeploy secrets rekey; your key: ${identities.list.map((i) => i.recipient.text).join(', ')}`,
      );
    case 'broken':
      return failure('PD2142', `cannot decrypt ${file}: ${result.why}`);
  }
}

async function openSops(file: string, { project, env }: Surroundings): Promise<Tree | Failure> {
  const said = await runProgram(['sops', '--decrypt', '--output-type', 'json', resolve(project, file)], {
    cwd: project,
    env,
  });
  if (typeof said !== 'string') return said;
  try {
    const value: unknown = JSON.parse(said);
    if (typeof value === 'object' && value !== null) return { kind: 'tree', value: value as Tree['value'] };
  } catch {
    // What it printed may hold secrets, and so may what the parser says of it.
  }
  return failure('PD2145', `what sops says of ${file} is not JSON`);
}
