import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down } from '../src/lab/down.ts';
import { referenceService } from '../src/lab/reference.ts';
import { up } from '../src/lab/up.ts';

const HOSTS = 10;

/** Boots the fleet that all lab tests share, and builds the release they deploy. Takes both down again. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) throw new Error('The lab tests start containers. Run them as root.');
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-lab-suite-'));
  const name = `suite-${process.pid}`;
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  process.env.XDG_STATE_HOME = join(dir, 'state');
  const reference = await referenceService(say);
  const inventory = join(dir, 'inventories', 'lab.yaml');
  const { lab } = await up({
    name,
    hosts: HOSTS,
    prefix: 'edge',
    instances: 1,
    inventoryFile: inventory,
    progress: say,
  });
  const file = join(dir, 'lab.json');
  const hosts = lab.hosts.map(({ name: host, address }) => ({ name: host, address }));
  writeFileSync(
    file,
    JSON.stringify({
      name,
      key: lab.paths.key,
      knownHosts: lab.paths.knownHosts,
      hosts,
      inventory,
      reference,
    }),
  );
  process.env.PDEPLOY_TEST_LAB = file;
  return async () => {
    await down(name);
    rmSync(dir, { recursive: true, force: true });
  };
}
