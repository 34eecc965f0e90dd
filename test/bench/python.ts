import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from './fleet.ts';

const PARTS = ['usr/bin/python3', 'usr/bin/python3.11', 'usr/lib/python3.11'];
const LEFT_OUT = ['test', 'idlelib', 'ensurepip', 'lib2to3', 'dist-packages', 'config-*'];

/**
 * Gives the hosts the Python that Ansible needs there: this machine's, which is the same Debian, compiled modules too.
 * pdeploy needs none; so the lab's image has none.
 */
export async function installPython(fleet: Fleet, dir: string): Promise<void> {
  const file = join(dir, 'python.tar');
  const made = spawnSync(
    'sh',
    [
      '-c',
      `cd / && tar -cf "$0" ${LEFT_OUT.map((name) => `--exclude='usr/lib/python3.11/${name}'`).join(' ')} ` +
        `${PARTS.join(' ')} $(find usr/lib/x86_64-linux-gnu -maxdepth 1 -name 'lib*.so*' \\( -name 'libffi.*' -o -name 'libexpat.*' -o -name 'libuuid.*' -o -name 'libbz2.*' -o -name 'liblzma.*' \\))`,
      file,
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`no Python of Debian on this machine: ${made.stderr}`);
  await fleet.everywhere(
    'tar -x --skip-old-files -C / -f - && python3 -c "import json, ssl, zipfile, ctypes"',
    readFileSync(file),
  );
}
