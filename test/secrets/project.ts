import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempProject } from '../playbook/temp-project.ts';

export const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));

/** A project with an editor that writes `$TEXT`, and says where it was and what it found there. */
export function project(files: { readonly [path: string]: string } = {}) {
  const dir = tempProject({
    'pdeploy.yaml': '',
    'editor.sh': `#!/bin/sh
stat -c '%a' "$(dirname "$1")" "$1" >>log; stat -f -c %T "$1" >>log; echo "$1" >>log; cp "$1" before
[ -z "$TEXT" ] || printf '%b' "$TEXT" >"$1"
exec sh -c "$AFTER"
`,
    ...files,
  });
  chmodSync(join(dir, 'editor.sh'), 0o755);
  const env = {
    ...process.env,
    XDG_CONFIG_HOME: join(dir, 'config'),
    EDITOR: './editor.sh',
    VISUAL: '',
    AFTER: 'exit 0',
  };
  const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    const ran = spawnSync(process.execPath, [PDEPLOY, 'secrets', ...args], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...env, ...more },
    });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  };
  return {
    dir,
    env,
    run,
    key: join(dir, 'config/pdeploy/age.key'),
    read: (path: string) => readFileSync(join(dir, path), 'utf8'),
  };
}
