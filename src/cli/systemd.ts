import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { RefusedError } from '../errors.ts';

/** Units that a person installs on this machine. */
export const UNIT_FOLDER = '/etc/systemd/system';

/** systemd runs this machine. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** @throws RefusedError PD2253 with what systemctl says */
export function systemctl(...args: readonly string[]): string {
  const ran = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (ran.status === 0) return ran.stdout;
  const why = (ran.error?.message ?? ran.stderr).trim();
  throw new RefusedError('PD2253', `systemctl ${args.join(' ')}: ${why}`);
}

/** Properties of a unit, times as seconds since 1970 with an @ before. */
export function showUnit(unit: string, names: readonly string[]): ReadonlyMap<string, string> {
  const said = systemctl('show', '--timestamp=unix', ...names.map((name) => `--property=${name}`), unit);
  return new Map(
    said
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** What systemd remembers of units that are gone; of none it has nothing to forget. */
export function forgetFailure(units: string): void {
  spawnSync('systemctl', ['reset-failed', units]);
}

/** When a timer elapses next, in microseconds since 1970. systemd 249 and newer; 0 for older ones. */
export function nextElapse(timer: string): number {
  const said = systemctl('list-timers', '--all', '--output=json', timer);
  try {
    const [first] = JSON.parse(said) as readonly { readonly next?: number }[];
    return first?.next ?? 0;
  } catch {
    return 0;
  }
}
