/** `npm run picture`: draws docs/rollout.svg from a real rollout on a lab of its own. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { down } from '../../src/lab/down.ts';
import { referenceService } from '../../src/lab/reference.ts';
import { up } from '../../src/lab/up.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = `picture-${process.pid}`;
const COLUMNS = 100;
const ROWS = 34;

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-picture-'));
const say = (line: string): boolean => process.stderr.write(`${line}\n`);

function pdeploy(command: string, raw?: string): void {
  const line = `${process.execPath} ${join(ROOT, 'bin', 'pdeploy')} ${command}`;
  const env = { ...process.env, CI: '', LANG: 'C.UTF-8', TERM: 'xterm-256color', PDEPLOY_ACTOR: 'ops' };
  if (raw === undefined) spawnSync('sh', ['-c', line], { cwd: dir, env, stdio: 'inherit' });
  else {
    // A line that is typed, then the terminal as it is left.
    const shown = `printf '$ pdeploy rollout -i lab --release v3\\n'; stty cols ${COLUMNS} rows ${ROWS}; ${line}`;
    spawnSync('script', ['-qec', shown, raw], { cwd: dir, env, stdio: ['inherit', 'ignore', 'inherit'] });
  }
}

try {
  const reference = await referenceService(say);
  const inventoryFile = join(dir, 'inventories', 'lab.yaml');
  await up({ name: NAME, hosts: 3, prefix: 'edge', instances: 1, inventoryFile, progress: say });
  const common = `rollout -i lab --yes -e binary=${reference.binary} -e flavour=${reference.flavour}`;
  const times = '--min-healthy-time 3s --healthy-deadline 8s';
  pdeploy(`${common} ${times} -q --release v1`);
  pdeploy(`${common} ${times} -q --release v2 -e workers=4`);
  const raw = join(dir, 'rollout.raw');
  pdeploy(`${common} ${times} --release v3 -e workers=8 -e 'fault={never_ready: true}'`, raw);
  const svg = join(dir, 'rollout.svg');
  const draw = [
    join(ROOT, 'test/picture/terminal-svg.ts'),
    raw,
    svg,
    '--cols',
    String(COLUMNS),
    '--rows',
    '60',
    '--title',
    'pdeploy rollout -i lab',
  ];
  const drawn = spawnSync(process.execPath, draw, { stdio: 'inherit' });
  if (drawn.status !== 0) throw new Error('the picture could not be drawn');
  cpSync(svg, join(ROOT, 'docs', 'rollout.svg'));
  say('wrote docs/rollout.svg');
} finally {
  await down(NAME);
  rmSync(dir, { recursive: true, force: true });
}
