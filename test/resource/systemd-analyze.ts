import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** True when systemd 252 is installed; it need not run. */
export const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** What `systemd-analyze verify` says about each unit, without what it says of missing programs. One call for all. */
export function verifyUnits(texts: readonly string[]): readonly (readonly string[])[] {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-unit-'));
  try {
    const files = texts.map((text, i) => {
      const file = join(dir, `sample${i}@1.service`);
      writeFileSync(file, text);
      return file;
    });
    const done = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    const lines = done.stderr
      .split('\n')
      .filter((line) => !/is not executable|Unit pdeploy-recover.service not found/.test(line));
    return texts.map((_, i) =>
      lines.filter((line) => line.includes(`sample${i}@`)).map((line) => line.replace(/^.*sample\d+@/, '')),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Exposure as `systemd-analyze security` computes it, e.g. 1.4. */
export function exposure(text: string): number {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-unit-'));
  try {
    const file = join(dir, 'sample@1.service');
    writeFileSync(file, text);
    const done = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', file], {
      encoding: 'utf8',
    });
    return Number(/Overall exposure level for .*: ([\d.]+)/.exec(done.stdout)?.[1] ?? Number.NaN);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
