import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fleet } from '../fleet.ts';
import { type Command, runTool, type Tool } from '../tool.ts';
import type { Work } from '../work.ts';

const PDEPLOY = fileURLToPath(new URL('../../../bin/pdeploy', import.meta.url));

export type Pdeploy = Tool & {
  /** Any other command line of pdeploy, in the same project. */
  readonly run: (log: string, ...args: readonly string[]) => Promise<void>;
  readonly log: (name: string) => string;
};

/** pdeploy as a user runs it, with all its checks. `cold`: nothing in its cache, as on its very first run. */
export function pdeploy(fleet: Fleet, dir: string, cache: 'cold' | 'warm'): Pdeploy {
  const home = mkdtempSync(join(dir, 'pdeploy-'));
  const command = (log: string): Command => ({
    cwd: fleet.dir,
    env: {
      XDG_CACHE_HOME: join(home, 'cache'),
      PDEPLOY_STATE_DIR: join(home, 'state'),
      CI: '',
    },
    log,
    meter: fleet.meter,
  });
  const log = (name: string): string => join(dir, `pdeploy-${cache}-${name}.log`);
  const run = (to: string, ...args: readonly string[]): Promise<void> =>
    runTool(PDEPLOY, args, command(log(to)));
  return {
    name: cache === 'warm' ? 'pdeploy' : 'pdeploy, cold',
    note:
      cache === 'warm'
        ? 'all checks on; the binary is compressed in its cache, as after any earlier run'
        : 'the same with an empty cache: the binary is digested and compressed in this run',
    pace: 'fast',
    roll: (work) =>
      run(work.series, 'rollout', '-i', 'lab', '--yes', '--release', work.release, ...flags(work)),
    run,
    log,
    rest: async () => {
      rmSync(join(home, 'state'), { recursive: true, force: true });
      if (cache === 'cold') rmSync(join(home, 'cache'), { recursive: true, force: true });
    },
  };
}

/** The flags of one piece of work: no waiting for a service to prove itself, no tool here does that. */
export function flags(work: Work): readonly string[] {
  return ['--min-healthy-time', '0s', ...work.vars.flatMap((v) => ['-e', v])];
}
