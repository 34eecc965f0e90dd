import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConstCommand } from '../../../src/transport/port.ts';

/** Stands in for the agent: the first line of its standard input says what to do. */
const SCRIPT = `#!/bin/sh
read -r verb arg
case $verb in
  echo) printf '%s\\n' "$arg" ;;
  both) echo out; echo err >&2; exit 3 ;;
  exit) exit "$arg" ;;
  signal) kill -s "$arg" $$; sleep 5 ;;
  sleep) sleep "$arg"; echo awake ;;
  silent) exec sleep "$arg" ;;
  flood) exec yes 0123456789012345678901234567890123456789 ;;
  errflood) exec yes 0123456789012345678901234567890123456789 >&2 ;;
  bytes) head -c "$arg" /dev/zero | tr '\\0' x ;;
  lines) seq "$arg" ;;
  sha) sha256sum | cut -d ' ' -f 1 ;;
  count) wc -c ;;
  cat) exec cat ;;
  split) printf 'a\\342\\202'; sleep 0.1; printf '\\254b\\n\\360\\237'; sleep 0.1; printf '\\230\\200' ;;
  hold) sleep 20 & echo done; exit 0 ;;
  deaf) echo ready; exec sleep "$arg" ;;
  *) exit 99 ;;
esac
`;

/** Installs the script; the command line to run it. */
export async function installRemote(dir: string): Promise<(command: ConstCommand) => string> {
  const file = join(dir, 'agent');
  await writeFile(file, SCRIPT);
  await chmod(file, 0o755);
  return (command) => (command === 'agent' ? file : 'exit 64');
}
