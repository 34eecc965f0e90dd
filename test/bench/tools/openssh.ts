import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Fleet, writeSshConfig } from '../fleet.ts';
import { runTool, type Tool } from '../tool.ts';
import { BINARY } from '../work.ts';

const SCRIPT = fileURLToPath(new URL('./openssh.sh', import.meta.url));

export function opensshScript(fleet: Fleet, dir: string, encoding: 'plain' | 'zstd'): Tool {
  const config = join(dir, `ssh-${encoding}`);
  writeSshConfig(fleet, config);
  return {
    name: encoding === 'plain' ? 'openssh' : 'openssh-zstd',
    note:
      encoding === 'plain'
        ? 'script by hand: push with cat, no digest, no guard, no record, nothing made durable'
        : 'the same script, the binary compressed with zstd -3 first',
    pace: 'fast',
    roll: (work) =>
      runTool(
        'bash',
        [SCRIPT, config, work.files, work.release, BINARY, encoding, ...fleet.hosts.map((h) => h.name)],
        { cwd: dir, meter: fleet.meter, log: join(dir, `openssh-${encoding}-${work.series}.log`) },
      ),
  };
}
