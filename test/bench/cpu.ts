import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processor seconds, which a busy machine changes far less than it changes how long something takes. */
export type CpuMeter = {
  /** What to put before a command, so that it and all it starts are counted. */
  readonly prefix: readonly string[];
  /** Seconds that the tool under test, and the hosts, have used so far; NaN where the kernel does not tell. */
  readonly tool: () => number;
  readonly hosts: () => number;
  readonly end: () => Promise<void>;
};

const NONE: CpuMeter = {
  prefix: [],
  tool: () => Number.NaN,
  hosts: () => Number.NaN,
  end: () => Promise.resolve(),
};

/** @param labId names the control group that the lab keeps its hosts in */
export function cpuMeter(labId: string): CpuMeter {
  const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((dir) =>
    existsSync(join(dir, 'cgroup.procs')),
  );
  if (root === undefined) return NONE;
  const lab = join(root, `pdeploy-lab-${labId}`);
  const own = join(root, `pdeploy-bench-${process.pid}`);
  if (!existsSync(join(lab, 'cpu.stat'))) return NONE;
  mkdirSync(own, { recursive: true });
  return {
    prefix: ['/bin/sh', '-c', 'echo $$ >"$0" && exec "$@"', join(own, 'cgroup.procs')],
    tool: () => used(own),
    hosts: () => used(lab),
    end: async () => {
      for (let n = 0; n < 100 && readFileSync(join(own, 'cgroup.procs'), 'utf8') !== ''; n += 1)
        await sleep(100);
      rmdirSync(own);
    },
  };
}

function used(group: string): number {
  const text = readFileSync(join(group, 'cpu.stat'), 'utf8');
  return Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1_000_000;
}
