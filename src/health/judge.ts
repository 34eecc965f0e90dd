import type { CheckResult, HealthCheck, Probe, Sample, Vantage } from '../model/health.ts';
import { checkProbe } from './check-probe.ts';
import type { Echo } from './echo.ts';
import type { RawProbe, RawSample } from './raw.ts';

/** What a sample is compared with: that of the switch or, better, the sample before it. `at` is the controller's monotonic clock, milliseconds. */
export type Baseline = { readonly at: number; readonly pid?: number; readonly restarts: number };

/** Turns one round as the host saw it into a verdict on that round. */
export function judge(raw: RawSample, check: HealthCheck, echo: Echo, seen: Baseline): Sample {
  const why = proofProblem(raw, seen);
  const checks = results(raw.probes, check, 'host', echo, '127.0.0.1');
  const state: CheckResult = {
    name: 'systemd',
    ok: isUp(raw),
    detail: `${raw.activeState} (${raw.subState})`,
  };
  const all = check.probes.some((p) => p.kind === 'systemd') ? [state, ...checks] : checks;
  return {
    at: seen.at,
    ok: why === '' && all.every((c) => c.ok),
    proof: { ok: why === '', why },
    pid: raw.pid,
    restarts: raw.restarts,
    checks: all,
    final: isFinal(raw),
  };
}

/** One round of probes that the controller made itself, over new connections. There is no process to prove from here. */
export function judgeOutside(
  probes: readonly RawProbe[],
  check: HealthCheck,
  echo: Echo,
  seen: { readonly at: number; readonly address: string },
): Sample {
  const checks = results(probes, check, 'outside', echo, seen.address);
  return {
    at: seen.at,
    ok: checks.every((c) => c.ok),
    proof: { ok: true, why: '' },
    pid: 0,
    restarts: 0,
    checks,
    final: false,
  };
}

/** What the next sample is to be compared with: a restart then spoils one round and not all that follow. */
export function baselineOf(sample: Sample): { readonly pid: number; readonly restarts: number } {
  return { pid: sample.pid, restarts: sample.restarts };
}

/** Whether the controller has to probe too. */
export function needsOutside(check: HealthCheck): boolean {
  return check.probes.some((p) => vantages(p).includes('outside'));
}

function vantages(probe: Probe): readonly Vantage[] {
  switch (probe.kind) {
    case 'http':
    case 'tcp':
      return probe.from;
    case 'exec':
      return ['host'];
    case 'tls':
      return ['outside'];
    case 'systemd':
      return [];
  }
}

function results(
  raw: readonly RawProbe[],
  check: HealthCheck,
  from: 'host' | 'outside',
  echo: Echo,
  address: string,
): readonly CheckResult[] {
  const answers = new Map(raw.map((probe) => [probe.id, probe]));
  return check.probes.flatMap((probe, index) => {
    if (probe.kind === 'systemd') return [];
    const asked = vantages(probe).includes(from);
    return asked ? [checkProbe(probe, answers.get(String(index)), echo, address)] : [];
  });
}

/** '' when the process is what it should be. */
function proofProblem(raw: RawSample, seen: Baseline): string {
  if (!isUp(raw)) return `the unit is ${raw.activeState} (${raw.subState})${cause(raw)}`;
  if (raw.pid === 0) return 'the unit has no main process';
  if (raw.restarts !== seen.restarts) return `restarted, ${raw.restarts} restarts so far`;
  if (seen.pid !== undefined && seen.pid !== 0 && raw.pid !== seen.pid) {
    return `another process: pid ${seen.pid} became ${raw.pid}`;
  }
  if (!raw.startedAfterSwitch) return `pid ${raw.pid} was started before the switch`;
  if (!raw.exeMatch) return `pid ${raw.pid} does not run the binary of the release`;
  const missing = raw.missingListens.map((port) => `:${port}`);
  return missing.length === 0 ? '' : `pid ${raw.pid} does not listen on ${missing.join(', ')}`;
}

function isUp(raw: RawSample): boolean {
  return raw.activeState === 'active' || raw.activeState === 'reloading';
}

/** systemd has given up, or the process ended of itself and nothing will start it. */
function isFinal(raw: RawSample): boolean {
  return raw.activeState === 'failed' || raw.activeState === 'inactive';
}

function cause(raw: RawSample): string {
  return raw.result === '' || raw.result === 'success' ? '' : `: ${raw.result}`;
}
