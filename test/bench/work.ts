import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseExtraVars } from '../../src/config/extra-vars.ts';
import { loadInventory } from '../../src/config/load.ts';
import { UsageError } from '../../src/errors.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { findPlaybook } from '../../src/playbook/find.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';

export const BINARY = '/usr/bin/caddy';

/** What is rolled out: the same binary, unit and logrotate file every time, one of two configurations. */
export type Work = {
  readonly series: 'install' | 'update';
  readonly release: string;
  /** The flags that make pdeploy's shipped playbook give this. */
  readonly vars: readonly string[];
  /** What GET / answers afterwards. */
  readonly body: string;
  /** The files for the other tools: `release/`, `unit`, `logrotate`. */
  readonly files: string;
};

export const UPSTREAM_BODY = 'from the upstream\n';

/**
 * Renders the work of both series. The other tools get byte for byte the files that pdeploy's playbook makes, except
 * for the paths in the unit, so that all of them start the same service in the same sandbox.
 */
export async function works(dir: string, inventory: string, upstream: string): Promise<readonly Work[]> {
  const base = [`binary=${BINARY}`, 'flavour=caddy', 'log=file'];
  const install = await render(dir, inventory, 'install', base, 'hello\n');
  const update = await render(dir, inventory, 'update', [...base, `upstream=${upstream}`], UPSTREAM_BODY);
  return [install, update];
}

async function render(
  dir: string,
  inventory: string,
  series: Work['series'],
  vars: readonly string[],
  body: string,
): Promise<Work> {
  const extra = await parseExtraVars(vars, dir);
  if (!extra.ok) throw new UsageError(extra.problems);
  const loaded = await loadInventory(inventory, { extraVars: extra.vars });
  if (!loaded.ok) throw new UsageError(loaded.problems);
  const { playbook } = await loadPlaybook(findPlaybook('rollout', dir));
  const [host] = loaded.inventory.hosts.values();
  if (host === undefined) throw new Error(`${inventory} has no host`);
  const { steps } = compileSteps(playbook, host, 'edge', series);
  const files = join(dir, series);
  mkdirSync(join(files, 'release'), { recursive: true });
  for (const step of steps) {
    if (step.type === 'unit') writeFileSync(join(files, 'unit'), ownPaths(step.text));
    if (step.type === 'logrotate') writeFileSync(join(files, 'logrotate'), step.text);
    if (step.type === 'release')
      writeFileSync(join(files, 'release', 'config.json'), String(step.files[0]?.content));
  }
  writeFileSync(join(files, 'release', 'env'), `PDEPLOY_RELEASE=${series}\n`);
  return { series, release: series, vars, body, files };
}

function ownPaths(unit: string): string {
  return unit
    .replaceAll('/run/pdeploy/edge/%i/current/bin/', '/opt/edge/current/')
    .replaceAll('/run/pdeploy/edge/%i/current/config/%i.yaml', '/opt/edge/current/config.json')
    .replaceAll('/run/pdeploy/edge/%i/current/', '/opt/edge/current/')
    .replace(' pdeploy-recover.service', '');
}
