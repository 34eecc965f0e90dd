import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down } from '../src/lab/down.ts';
import { type Reference, referenceService } from '../src/lab/reference.ts';
import { up } from '../src/lab/up.ts';

const HOSTS = 10;

/** What tests are told of a lab they share. */
export type SharedLab = {
  readonly name: string;
  /** The lab's record lies below it; `XDG_STATE_HOME` of whoever calls src/lab. */
  readonly stateHome: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly inventory: string;
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  readonly reference: Reference;
};

export type SharedLabs = {
  readonly labs: readonly SharedLab[];
  /** Writes a JSON file that lives as long as the labs; gives its path. */
  readonly write: (name: string, content: unknown) => string;
  readonly end: () => Promise<void>;
};

/** Boots labs of 10 hosts, and builds the release that tests deploy on them. */
export async function bootLabs(names: readonly string[]): Promise<SharedLabs> {
  if (process.getuid?.() !== 0) throw new Error('The lab tests start containers. Run them as root.');
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-lab-suite-'));
  const stateHome = join(dir, 'state');
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  process.env.XDG_STATE_HOME = stateHome;
  const end = async (): Promise<void> => {
    process.env.XDG_STATE_HOME = stateHome;
    for (const name of names) await down(name);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const reference = await referenceService(say);
    const labs: SharedLab[] = [];
    for (const name of names) labs.push(await bootLab(name, stateHome, join(dir, name), reference, say));
    const write = (name: string, content: unknown): string => {
      const file = join(dir, name);
      writeFileSync(file, JSON.stringify(content));
      return file;
    };
    return { labs, write, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function bootLab(
  name: string,
  stateHome: string,
  dir: string,
  reference: Reference,
  progress: (line: string) => void,
): Promise<SharedLab> {
  const inventory = join(dir, 'inventories', 'lab.yaml');
  const { lab } = await up({
    name,
    hosts: HOSTS,
    prefix: 'edge',
    instances: 1,
    inventoryFile: inventory,
    progress,
  });
  return {
    name,
    stateHome,
    key: lab.paths.key,
    knownHosts: lab.paths.knownHosts,
    inventory,
    hosts: lab.hosts.map(({ name: host, address }) => ({ name: host, address })),
    reference,
  };
}
