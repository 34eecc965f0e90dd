import { LAB_CODE, labBroken, labUsage } from './errors.ts';
import { insideNetwork } from './inside.ts';
import type { LabHost } from './lab-state.ts';
import { mustRun, run } from './run.ts';

/** `in`: what comes to the host; `out`: what it sends; `both`. */
export type Direction = 'in' | 'out' | 'both';

export type Partition = {
  readonly direction: Direction;
  /** `drop`: nothing is heard again; `rst`: TCP connections are reset. */
  readonly kind: 'drop' | 'rst';
  /** Only these TCP ports of the host; all traffic without them. */
  readonly ports?: readonly number[];
};

const PORT_LIMIT = 65_535;

/** Reads what a person typed. @throws UsageError PD6011 */
export function parsePartition(direction: string, kind: string, ports: unknown): Partition {
  if (direction !== 'in' && direction !== 'out' && direction !== 'both')
    throw labUsage(`"${direction}" is not a direction: in, out or both.`);
  if (kind !== 'drop' && kind !== 'rst') throw labUsage(`"${kind}" is not a kind of partition: drop or rst.`);
  if (ports === undefined) return { direction, kind };
  const numbers = String(ports).split(',').map(Number);
  const wrong = numbers.find((port) => !Number.isInteger(port) || port < 1 || port > PORT_LIMIT);
  if (wrong !== undefined)
    throw labUsage(`"${String(ports)}" is not a list of ports.`, 'For example: --ports 22,6188');
  return { direction, kind, ports: numbers };
}

const TABLE = 'inet pdeploy_lab';

/** Takes the host off the network, as if its cable was pulled. It runs on. Ends with {@link uncut} or a boot. */
export async function cut(host: LabHost): Promise<void> {
  await mustRun('ip', ['link', 'set', host.link, 'down']);
}

export async function uncut(host: LabHost): Promise<void> {
  await mustRun('ip', ['link', 'set', host.link, 'up']);
}

/** True while the host's link is down. */
export async function isCut(host: LabHost): Promise<boolean> {
  const { stdout } = await run('ip', ['-j', 'link', 'show', host.link]);
  return stdout.trim() !== '' && !stdout.includes('"UP"');
}

function chain(direction: 'in' | 'out', partition: Partition): string {
  const [hook, device, port] =
    direction === 'in' ? ['input', 'iifname', 'dport'] : ['output', 'oifname', 'sport'];
  const ports = partition.ports === undefined ? '' : ` tcp ${port} { ${partition.ports.join(', ')} }`;
  const match = `${device} != "lo"${ports}`;
  // A filter of both directions must not swallow the resets that it sends itself.
  const reset =
    partition.kind === 'rst'
      ? [`tcp flags & rst == rst accept`, `${match} meta l4proto tcp reject with tcp reset`]
      : [];
  const rules = [`type filter hook ${hook} priority -300;`, ...reset, `${match} drop`];
  return [`  chain ${direction} {`, ...rules.map((rule) => `    ${rule}`), '  }', ''].join('\n');
}

/** The nft program for a partition; it replaces the one before. */
export function partitionRules(partition: Partition): string {
  const directions = partition.direction === 'both' ? (['in', 'out'] as const) : [partition.direction];
  const chains = directions.map((direction) => chain(direction, partition)).join('');
  return `table ${TABLE}\ndelete table ${TABLE}\ntable ${TABLE} {\n${chains}}\n`;
}

async function nft(host: LabHost, program: string): Promise<void> {
  const done = await insideNetwork(host, ['nft', '-f', '-'], { input: program });
  if (done.code === 0) return;
  throw labBroken(
    LAB_CODE.network,
    `The packet filter of ${host.name} could not be changed: ${done.stderr.trim()}`,
  );
}

/** Filters the host's traffic in its own network, until {@link heal}, a boot, or `nft flush ruleset` on the host. */
export async function partition(host: LabHost, what: Partition): Promise<void> {
  await nft(host, partitionRules(what));
}

/** Ends a partition; nothing happens when there is none. */
export async function heal(host: LabHost): Promise<void> {
  await nft(host, `table ${TABLE}\ndelete table ${TABLE}\n`);
}
