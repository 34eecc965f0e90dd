import { applyRequest } from '../host/verbs/apply.ts';
import { decodePrepare, hostEntries, prepareRequest } from '../host/verbs/prepare.ts';
import type { Failure } from '../model/event.ts';
import type { HostName } from '../model/host.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { CallResult } from './host-link.ts';
import { describe, fencedBy } from './lease.ts';
import type { Encoding, Entry } from './payload.ts';
import type { HostTarget } from './target.ts';

const BASE_DEADLINE_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 256;

/** Stages and checks a release on one host; disturbs nothing that runs there. */
export async function prepareHost(context: DeploymentContext, host: HostName): Promise<void> {
  const { recorder } = context;
  const target = context.targets.get(host);
  const plan = context.plan.hosts.find((h) => h.host === host);
  if (plan === undefined) throw new Error(`host ${host} is not in the plan`);
  const started = performance.now();
  recorder.record({ type: 'prepare.started', host });
  if (target === undefined) {
    const failure = { code: 'PD3102', message: `${host} did not answer when this was planned` };
    recorder.record({ type: 'prepare.failed', host, failure, unreachable: true });
    return;
  }
  const content: Content = plan.bytesToSend === 0 ? 'absent' : target.reuse === '' ? 'all' : 'texts';
  let sent = plan.bytesToSend;
  let result = await send(context, target, content, sent);
  // What the host had when the plan was made it may have lost since: then it gets everything.
  if (
    result.kind === 'error' &&
    result.code === 'not-found' &&
    content !== 'all' &&
    target.payload !== undefined
  ) {
    sent = target.payload.size;
    result = await send(context, target, 'all', sent);
  }
  if (result.kind !== 'ok') {
    const holder = fencedBy(result);
    if (holder !== undefined) recorder.record({ type: 'lease.lost', host, holder });
    recorder.record({
      type: 'prepare.failed',
      host,
      failure: failureOf(result),
      unreachable: result.kind === 'unreachable' || result.kind === 'unknown',
    });
    return;
  }
  const prepared = decodePrepare(result.lines);
  for (const text of prepared.notes) recorder.record({ type: 'note', level: 'warn', text, host });
  recorder.record({
    type: 'prepare.finished',
    host,
    bytesSent: sent,
    ms: Math.round(performance.now() - started),
    changes: prepared.changes,
  });
}

type Content = 'absent' | 'texts' | 'all';

function send(
  context: DeploymentContext,
  target: HostTarget,
  content: Content,
  bytes: number,
): Promise<CallResult> {
  const host = target.host.name;
  const { deployment } = context.recorder;
  const encoding: Encoding = context.tools(host).includes('zstd') ? 'tar.zst' : 'tar.gz';
  const input = {
    opId: `${deployment}-p`,
    service: target.service,
    epoch: context.leases.epoch(host),
    deployment,
    release: target.release,
    hostRelease: target.hostRelease,
    instances: target.instances.map((i) => i.name),
    ops: target.ops.prepare,
    ...(target.test.length === 0 ? {} : { test: target.test }),
    ...(target.downgrade ? { downgrade: true } : {}),
    ...(content === 'texts' ? { reuse: target.reuse } : {}),
  };
  const { payload } = target;
  const request =
    target.hostRelease.digest === ''
      ? applyRequest(input)
      : prepareRequest({ ...input, content: content === 'absent' ? 'absent' : encoding });
  const extra = hostEntries(input) as readonly Entry[];
  return context.fleet.link(host).call(request, {
    deadlineMs: BASE_DEADLINE_MS + bytes / SLOWEST_BYTES_PER_MS,
    ...(content === 'absent' || payload === undefined
      ? {}
      : { payload: () => payload.open(encoding, extra, content) }),
  });
}

/** A stable code and words for what an agent or a connection said. */
export function failureOf(result: CallResult): Failure {
  const codes: { readonly [code: string]: string } = {
    'no-space': 'PD3031',
    'verify-failed': 'PD3032',
    'test-failed': 'PD3033',
    'unit-invalid': 'PD3034',
    conflict: 'PD3035',
    fenced: 'PD3203',
    'refused-by-policy': 'PD3036',
    unsigned: 'PD3037',
    downgrade: 'PD3038',
  };
  if (result.kind === 'error') return { code: codes[result.code] ?? 'PD3302', message: describe(result) };
  return { code: result.kind === 'unreachable' ? 'PD3102' : 'PD3303', message: describe(result) };
}
