import type { HostFacts, InstanceObservation } from '../model/facts.ts';
import type { HandoverStep } from '../model/playbook.ts';

/** What decides whether the sockets of one instance can be handed over. */
export type HandoverInput = {
  readonly instance: string;
  readonly seen: InstanceObservation;
  readonly facts: Pick<HostFacts, 'memoryAvailable'>;
  readonly step: HandoverStep;
  /** Text of the new unit and its drop-ins, '' when it is not known. */
  readonly unit: string;
  readonly unitSame: boolean;
  /** Listeners of the release that runs, undefined when nobody remembers. */
  readonly before: readonly string[] | undefined;
};

/** A message holds as many descriptors, and this many bytes of addresses (Pingora). */
const MOST_LISTENERS = 32;
const MOST_BYTES = 2_048;
/** Before it, a listener that nobody claims stays open and unanswered. */
const CLOSES_UNCLAIMED = [0, 9, 0] as const;
/** Before it, the sandbox of systemd ends a process that hands over. */
const KNOWS_SUID_FILTER = [0, 8, 0] as const;

/** Why a running instance has to be restarted although its playbook wants a handover; '' when it can hand over. */
export function noHandover(input: HandoverInput): string {
  const { seen, step, instance, unit } = input;
  if (!input.unitSame) return 'its unit differs';
  if (unit !== '' && !/^ExecReload=(\/usr\/bin\/)?setsid --fork /m.test(unit))
    return 'its unit cannot start a successor';
  if (seen.pending !== undefined) return 'a trial was not ended';
  const now = step.listeners.get(instance) ?? [];
  if (now.length > MOST_LISTENERS)
    return `it has ${now.length} listeners, ${MOST_LISTENERS} can be handed over`;
  const bytes = now.join(' ').length;
  if (bytes > MOST_BYTES) return `its addresses have ${bytes} bytes, ${MOST_BYTES} can be handed over`;
  const { before } = input;
  const gone = before?.find((address) => !now.includes(address));
  if (gone !== undefined && isBefore(step.pingora, CLOSES_UNCLAIMED))
    return `the listener ${gone} is gone, and Pingora ${step.pingora} would keep it open`;
  if (/^RestrictSUIDSGID=(yes|true|on|1)$/m.test(unit) && isBefore(step.pingora, KNOWS_SUID_FILTER))
    return `Pingora ${step.pingora} cannot hand over under RestrictSUIDSGID`;
  const rss = seen.rss ?? 0;
  const free = input.facts.memoryAvailable;
  if (rss > 0 && free < 2 * rss)
    return `two processes need ${mib(2 * rss)} of free memory, the host has ${mib(free)}`;
  const limit = memoryMax(unit);
  if (rss > 0 && limit !== undefined && limit < 2 * rss)
    return `MemoryMax=${mib(limit)} holds for both processes, and one has ${mib(rss)}`;
  return '';
}

function isBefore(version: string | undefined, than: readonly number[]): boolean {
  if (version === undefined) return false;
  const parts = version.split('.').map(Number);
  for (const [at, number] of than.entries()) {
    const own = parts[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}

const SIZES: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

function memoryMax(unit: string): number | undefined {
  const match = [...unit.matchAll(/^MemoryMax=(\d+)([KMGT]?)$/gm)].at(-1);
  return match === undefined ? undefined : Number(match[1]) * (SIZES[match[2] ?? ''] ?? 1);
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
