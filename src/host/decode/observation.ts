import type {
  InstanceObservation,
  Observation,
  ReleaseObservation,
  SigningObservation,
} from '../../model/facts.ts';
import { unitName } from '../../model/host.ts';
import type { Query } from '../../model/resource.ts';
import { decodeAnswers } from './answers.ts';
import { decodeFacts } from './facts.ts';
import { decodeLease } from './lease.ts';

export type ObservationContext = {
  readonly host: string;
  readonly service: string;
  /** Controller clock at the middle of the call, as Date.now(). */
  readonly midpointMs: number;
  /** Those of the request. */
  readonly queries: readonly Query[];
};

/** Release directories are given by their digest, '' for none. */
export function decodeObservation(lines: readonly string[], context: ObservationContext): Observation {
  const lease = decodeLease(lines);
  return {
    facts: decodeFacts(lines, context.host, context.midpointMs),
    signing: decodeSigning(lines),
    instances: decodeInstances(lines, context.service),
    releases: lines.flatMap(decodeRelease),
    epoch: Number(value(lines, 'epoch ') || 0),
    ...(lease === undefined ? {} : { lease }),
    answers: decodeAnswers(lines, context.queries),
  };
}

function decodeInstances(lines: readonly string[], service: string): Map<string, InstanceObservation> {
  const uptime = Number(/^\d+/.exec(value(lines, 'fact uptime '))?.[0] ?? 0) / 100;
  const pending = new Map<string, NonNullable<InstanceObservation['pending']>>();
  const instances = new Map<string, InstanceObservation>();
  for (const line of lines) {
    const [key, name, opId, from, to] = line.split(' ');
    if (key !== 'trial' || name === undefined || opId === undefined) continue;
    pending.set(name, { opId, from: digest(from), to: digest(to) });
  }
  const memory = new Map<string, number>();
  for (const line of lines) {
    const match = /^rss (\S+) (\d+)$/.exec(line);
    if (match?.[1] !== undefined) memory.set(match[1], Number(match[2]) * 1_024);
  }
  for (const line of lines) {
    const [key, name, current, active, sub, pid, restarts, enabled, started, exe, unitSha] = line.split(' ');
    if (key !== 'unit' || name === undefined || unitSha === undefined) continue;
    const trial = pending.get(name);
    const mainPid = Number(pid);
    const rss = memory.get(name);
    instances.set(name, {
      name,
      unit: unitName(service, name),
      current: digest(current),
      running: mainPid === 0 ? '' : runningDigest(exe ?? '-', service),
      activeState: active ?? '',
      subState: sub ?? '',
      mainPid,
      restarts: Number(restarts),
      enabled: enabled === '1',
      unitSha256: unitSha === '-' ? '' : unitSha,
      uptimeSeconds: mainPid === 0 ? 0 : Math.max(0, Math.round(uptime - Number(started) / 1_000_000)),
      ...(rss === undefined ? {} : { rss }),
      ...(trial === undefined ? {} : { pending: trial }),
    });
  }
  return instances;
}

/** `fact signing <version|-> <key>...` */
function decodeSigning(lines: readonly string[]): SigningObservation {
  const [version = '-', ...keys] = value(lines, 'fact signing ').split(' ').filter(Boolean);
  return { keys, version: /^\d+(\.\d+)*$/.test(version) ? version : '' };
}

/** `release <digest> <intact> <metadata>` */
function decodeRelease(line: string): readonly ReleaseObservation[] {
  const match = /^release ([0-9a-f]{64}) ([01]) (.*)$/.exec(line);
  if (match?.[1] === undefined) return [];
  const meta = parseMeta(match[3] ?? '');
  return [{ digest: match[1], release: meta.release, label: meta.label, intact: match[2] === '1' }];
}

function parseMeta(text: string): { release: string; label: string } {
  try {
    const meta: unknown = JSON.parse(text);
    if (typeof meta !== 'object' || meta === null) return { release: '', label: '' };
    const { release, label } = meta as Record<string, unknown>;
    return {
      release: typeof release === 'string' ? release : '',
      label: typeof label === 'string' ? label : '',
    };
  } catch {
    return { release: '', label: '' };
  }
}

/** A path under /opt/pdeploy/<service>/releases/; an executable that was replaced or deleted is none of ours. */
function runningDigest(exe: string, service: string): string {
  const match = /^\/opt\/pdeploy\/([^/]+)\/releases\/([0-9a-f]{64})\/\S+$/.exec(exe);
  return match?.[1] === service ? (match[2] ?? '') : '';
}

function digest(text: string | undefined): string {
  return text === undefined || text === '-' ? '' : text;
}

function value(lines: readonly string[], prefix: string): string {
  return lines.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
}
