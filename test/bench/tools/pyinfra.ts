import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fleet } from '../fleet.ts';
import { say } from '../say.ts';
import { runTool, type Tool } from '../tool.ts';
import { BINARY, type Work } from '../work.ts';

const DEPLOY = fileURLToPath(new URL('./pyinfra_deploy.py', import.meta.url));
const VERSION = '3.10.0';

/** Undefined when it cannot be installed here. */
export function pyinfra(fleet: Fleet, dir: string, order: 'serial' | 'parallel'): Tool | undefined {
  const program = install(dir);
  if (program === undefined) return undefined;
  const home = mkdtempSync(join(dir, 'pyinfra-'));
  return {
    name: order === 'serial' ? 'pyinfra, serial' : 'pyinfra, all at once',
    note: `pyinfra ${VERSION}`,
    pace: 'slow',
    roll: (work) => {
      const inventory = join(home, `${work.series}_inventory.py`);
      writeFileSync(inventory, inventoryText(fleet, work));
      return runTool(program, ['-y', ...(order === 'serial' ? ['--serial'] : []), inventory, DEPLOY], {
        cwd: home,
        meter: fleet.meter,
        log: join(dir, `pyinfra-${order}-${work.series}.log`),
      });
    },
  };
}

function inventoryText(fleet: Fleet, work: Work): string {
  const stat = statSync(BINARY);
  const data = {
    ssh_user: 'root',
    ssh_key: fleet.key,
    ssh_known_hosts_file: fleet.knownHosts,
    ssh_strict_host_key_checking: 'yes',
    binary: BINARY,
    binary_id: `${stat.size}-${Math.floor(stat.mtimeMs / 1_000)}`,
    files: work.files,
    release: work.release,
  };
  // JSON of plain texts is Python too.
  return `hosts = [${fleet.hosts.map((h) => `(${JSON.stringify(h.address)}, ${JSON.stringify(data)})`).join(', ')}]\n`;
}

function install(dir: string): string | undefined {
  const venv = join(dir, 'pyinfra-venv');
  const program = join(venv, 'bin', 'pyinfra');
  if (existsSync(program)) return program;
  say(`installing pyinfra ${VERSION}`);
  const made = spawnSync('python3', ['-m', 'venv', venv], { stdio: 'ignore' });
  const done = spawnSync(join(venv, 'bin', 'pip'), ['install', '-q', `pyinfra==${VERSION}`], {
    stdio: 'ignore',
  });
  return made.status === 0 && done.status === 0 && existsSync(program) ? program : undefined;
}
