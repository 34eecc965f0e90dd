import { baselineOf, judge, judgeOutside, needsOutside } from '../health/judge.ts';
import { observe, openWindow, verdict } from '../health/window.ts';
import { decodeSample } from '../host/decode/sample.ts';
import type { AgentRequest } from '../host/request.ts';
import { decodeSwitched } from '../host/verbs/activate.ts';
import type { HealthCheck, Sample } from '../model/health.ts';
import type { ReleaseIds } from './deployment-context.ts';
import type { CallOptions, CallResult, HostLink } from './host-link.ts';

export type GateResult =
  | { readonly kind: 'healthy'; readonly ms: number; readonly probes: number; readonly pid: number }
  | { readonly kind: 'unhealthy'; readonly why: string }
  /** The call itself ended: refused by the agent, contact lost, or stopped. */
  | { readonly kind: 'ended'; readonly result: CallResult };

export type GateInput = {
  readonly link: HostLink;
  readonly request: AgentRequest;
  readonly check: HealthCheck;
  readonly ids: ReleaseIds;
  readonly minHealthyMs: number;
  readonly healthyDeadlineMs: number;
  /** Outside probes speak to this address. */
  readonly address: string;
  readonly gone: AbortSignal;
  readonly unlessGone?: CallOptions['unlessGone'];
  readonly onSwitched: (ms: number) => void;
  readonly onSample: (
    sample: Sample,
    progress: { readonly healthyForMs: number; readonly needMs: number },
  ) => void;
  readonly onLine?: (line: string) => void;
};

const TICK_MS = 250;
/** Nobody looked for so long: this process was stopped, or its machine asleep, and nothing can be said of that time. */
const ASLEEP_MS = 5_000;

/**
 * Sends a request that streams samples and reads them until the health window has spoken. The window opens with the
 * first sample and its deadline counts on the controller's monotonic clock.
 */
export async function gate(input: GateInput): Promise<GateResult> {
  const stop = new AbortController();
  const opened = performance.now();
  const now = (): number => performance.now() - opened;
  const outside = needsOutside(input.check);
  let window = openWindow(
    { minHealthyMs: input.minHealthyMs, healthyDeadlineMs: input.healthyDeadlineMs, outside },
    now(),
  );
  let looked = now();
  let slept = false;
  let last: Sample | undefined;
  let heard = false;
  let probing = false;
  let broken: { readonly error: unknown } | undefined;
  let result: GateResult | undefined;

  const reopen = (): void => {
    window = openWindow(
      { minHealthyMs: input.minHealthyMs, healthyDeadlineMs: input.healthyDeadlineMs, outside },
      now(),
    );
  };
  const wake = (): void => {
    if (now() - looked > ASLEEP_MS) {
      reopen();
      slept = true;
    }
    looked = now();
  };
  /** Since this was asked last. */
  const hasSlept = (): boolean => {
    wake();
    const was = slept;
    slept = false;
    return was;
  };
  const settle = (): void => {
    if (result !== undefined) return;
    wake();
    const spoken = verdict(window, now());
    if (spoken.kind === 'healthy')
      result = { kind: 'healthy', ms: spoken.ms, probes: spoken.probes, pid: last?.pid ?? 0 };
    if (spoken.kind === 'failed') result = heard ? { kind: 'unhealthy', why: spoken.why } : silence(input);
    if (result !== undefined) stop.abort();
  };
  const lookFromOutside = async (): Promise<void> => {
    if (!outside || probing || result !== undefined) return;
    probing = true;
    // Few services are probed from here, and node:http takes a tenth of the start to load.
    const { probeOutside } = await import('./outside-probe.ts');
    const seen = await probeOutside(input.address, input.check.probes);
    probing = false;
    window = observe(
      window,
      judgeOutside(seen, input.check, input.ids, { at: now(), address: input.address }),
      'outside',
    );
    settle();
  };
  const onLine = (line: string): void => {
    heard = true;
    const switched = decodeSwitched(line);
    if (switched !== undefined) {
      reopen();
      input.onSwitched(switched);
    }
    const seen = decodeSample(line);
    if (seen === undefined) {
      input.onLine?.(line);
      return;
    }
    if (result !== undefined) return;
    wake();
    const base = last === undefined ? { restarts: seen.restarts } : baselineOf(last);
    last = judge(seen, input.check, input.ids, { at: now(), ...base });
    window = observe(window, last, 'host');
    const progress = verdict(window, now());
    input.onSample(
      last,
      progress.kind === 'waiting'
        ? { healthyForMs: progress.healthyForMs, needMs: progress.needMs }
        : { healthyForMs: input.minHealthyMs, needMs: input.minHealthyMs },
    );
    void lookFromOutside();
    settle();
  };

  // Thrown in the stream it would end the process; here it ends the call, and then the job.
  const guarded = (line: string): void => {
    try {
      onLine(line);
    } catch (error) {
      broken ??= { error };
      stop.abort();
    }
  };
  const leave = (): void => stop.abort();
  input.gone.addEventListener('abort', leave, { once: true });
  // A silent stream must not outlast the deadline.
  const timer = setInterval(settle, TICK_MS);
  const ask = (): Promise<CallResult> =>
    input.link.call(input.request, {
      deadlineMs: input.healthyDeadlineMs + 120_000,
      onLine: guarded,
      signal: stop.signal,
      unlessGone: input.unlessGone === true,
    });
  let call: CallResult;
  try {
    call = await ask();
    // What was streamed in its sleep is old, and may have come to its end: asked again, the host goes on watching.
    while (call.kind === 'ok' && result === undefined && hasSlept()) call = await ask();
  } finally {
    clearInterval(timer);
    input.gone.removeEventListener('abort', leave);
  }
  if (broken !== undefined) throw broken.error;
  return result ?? { kind: 'ended', result: call };
}

/** Of a host that said nothing at all, nobody knows how its release is. */
function silence(input: GateInput): GateResult {
  const why = `nothing was heard of ${input.link.host.name} for ${input.healthyDeadlineMs / 1_000} s`;
  return { kind: 'ended', result: { kind: 'unknown', why } };
}
