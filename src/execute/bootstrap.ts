import { randomBytes } from 'node:crypto';
import { agentScript } from '../host/assemble.ts';
import type { Inspection } from '../host/decode/inspection.ts';
import { keptLines } from '../host/privileges/grant.ts';
import { needsAgent } from '../host/privileges/judge.ts';
import { applyRequest } from '../host/verbs/apply.ts';
import { finishRequest } from '../host/verbs/finish.ts';
import { decodeLeaseReply, leaseRequest } from '../host/verbs/lease.ts';
import { undoRequest } from '../host/verbs/undo.ts';
import type { Answer, Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { PlannedChange } from '../model/plan.ts';
import type { HostOp, Query, ResourceStep } from '../model/resource.ts';
import { changeDiff } from '../resource/text-diff.ts';
import { resourceChanges } from './changes.ts';
import type { Fleet } from './fleet.ts';
import type { HostLink } from './host-link.ts';
import { inspectHost } from './inspect.ts';
import { describe, replyOf } from './lease.ts';
import { observeHost } from './observe.ts';

/** What a host lacks of what it should have, or why that cannot be said. */
export type BootstrapPlan =
  | {
      readonly kind: 'planned';
      readonly host: HostName;
      /** Only what differs. */
      readonly changes: readonly PlannedChange[];
      /** The agent itself is not as it should be. */
      readonly agent: boolean;
      readonly ops: readonly HostOp[];
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'refused'; readonly host: HostName; readonly why: string };

export type BootstrapResult = {
  readonly host: HostName;
  /** `failed`: everything is as it was before. `stuck`: it is not, or nobody knows. */
  readonly outcome: 'done' | 'failed' | 'stuck';
  readonly why: string;
};

export type LoginWanted = { readonly login: string; readonly home: string; readonly shell: string };

/** Leases and undo records are kept by service. No inventory has one of this name that pdeploy would deploy. */
const SERVICE = 'pdeploy';
const LEASE_S = 120;
const DEADLINE_MS = 60_000;

/**
 * Looks at every host; changes nothing but the agent, which looking needs.
 * @param stepsOf `kept`: lines of its policy that are to stay
 */
export function planBootstrap(
  fleet: Fleet,
  wanted: LoginWanted,
  stepsOf: (host: HostName, kept: readonly string[]) => readonly ResourceStep[],
): Promise<readonly BootstrapPlan[]> {
  return fleet.each(async (link): Promise<BootstrapPlan> => {
    const host = link.host.name;
    const asked = stepsOf(host, []).flatMap((s) => s.resource.queries(s.desired, s.id));
    const queries = [...checks(wanted.login), ...asked];
    const look = await observeHost(link, { service: SERVICE, instances: [], queries });
    if (look.kind === 'unreachable') return { kind: 'refused', host, why: look.why };
    const why = obstacle(wanted, look.observation);
    if (why !== undefined) return { kind: 'refused', host, why };
    const seen = await inspectHost(link, []);
    if (typeof seen === 'string') return { kind: 'refused', host, why: seen };
    const steps = stepsOf(host, keptLines(seen.inspection.policy));
    const { planned, ops } = resourceChanges(steps, look.observation);
    const changed = planned.filter((change) => change.action !== 'same');
    const digest = agentScript().sha256;
    const agent = needsAgent(seen.inspection, digest);
    const changes = [
      ...(agent ? [agentChange(seen.inspection, digest)] : []),
      ...(await Promise.all(changed.map(withDiff))),
    ];
    return { kind: 'planned', host, changes, agent, ops: ops.prepare, warnings: warnings(look.observation) };
  });
}

function agentChange({ agent }: Inspection, wanted: string): PlannedChange {
  const [from, to] = [agent.found.slice(0, 12), wanted.slice(0, 12)];
  const why = from === to ? 'others can write to it' : from;
  return { step: 'agent', action: 'change', changes: [{ field: 'is', from: why, to }] };
}

async function withDiff(change: PlannedChange): Promise<PlannedChange> {
  const { diff: _, ...rest } = change;
  const diff = await changeDiff(change.step.replace(/^[a-z]+:/, ''), change.changes);
  return diff === undefined ? rest : { ...rest, diff };
}

const SUDO = 'has-sudo';
const VISUDO = 'has-visudo';
const ACCOUNT = 'account';
const SSHD = 'sshd-reads-keys';

function checks(login: string): readonly Query[] {
  const settings = 'sshd -T -C "user=$1,host=localhost,addr=127.0.0.1" 2>/dev/null';
  const reads = 'grep -Eq "^authorizedkeysfile (.* )?(%h/)?\\.ssh/authorized_keys( |$)"';
  return [
    { kind: 'exec', id: SUDO, argv: ['sudo', '-V'] },
    { kind: 'exec', id: VISUDO, argv: ['visudo', '-V'] },
    { kind: 'exec', id: SSHD, argv: ['sh', '-c', `${settings} | ${reads}`, 'sh', login] },
    { kind: 'user', id: ACCOUNT, name: login },
  ];
}

function obstacle({ login, home, shell }: LoginWanted, { answers }: Observation): string | undefined {
  if (!succeeded(answers.get(SUDO)) || !succeeded(answers.get(VISUDO)))
    return 'sudo is not installed there; install the package sudo';
  const account = answers.get(ACCOUNT);
  if (account?.kind !== 'user') return undefined;
  if (account.uid === 0) return `${login} is root there`;
  if (account.home === home && account.shell === shell) return undefined;
  return `there is another account ${login} (home ${account.home}, shell ${account.shell}); name one of its own with --user`;
}

function warnings({ answers }: Observation): readonly string[] {
  if (succeeded(answers.get(SSHD))) return [];
  return [
    'its sshd may not read ~/.ssh/authorized_keys (AuthorizedKeysFile): try the login, or pdeploy doctor',
  ];
}

function succeeded(answer: Answer | undefined): boolean {
  return answer?.kind === 'exit' && answer.code === 0;
}

/** Makes the changes on one host, or none of them. May be repeated. */
export async function bootstrapHost(
  link: HostLink,
  { agent, ops }: { readonly agent: boolean; readonly ops: readonly HostOp[] },
  holder: string,
): Promise<BootstrapResult> {
  const host = link.host.name;
  const failed = agent ? await link.installAgent() : undefined;
  if (failed !== undefined) return { host, outcome: 'failed', why: describe(failed) };
  if (ops.length === 0) return { host, outcome: 'done', why: '' };
  const deployment = `bootstrap-${randomBytes(4).toString('hex')}`;
  const common = { opId: deployment, service: SERVICE, deployment };
  const leased = await link.call(
    leaseRequest({ ...common, action: 'acquire', holder, ttlSeconds: LEASE_S, manual: false, reason: '' }),
    { deadlineMs: DEADLINE_MS },
  );
  const reply = replyOf(leased);
  const lease = reply === undefined ? undefined : decodeLeaseReply(reply);
  if (lease?.kind === 'held')
    return { host, outcome: 'failed', why: `${lease.lease.holder} is at it (${lease.lease.deployment})` };
  if (lease?.kind !== 'granted') return { host, outcome: 'failed', why: describe(leased) };
  const owned = { ...common, epoch: lease.epoch };
  const applied = await link.call(applyRequest({ ...owned, ops }), { deadlineMs: DEADLINE_MS });
  const undone =
    applied.kind === 'ok' ? undefined : await link.call(undoRequest(owned), { deadlineMs: DEADLINE_MS });
  const ended = await link.call(finishRequest({ ...owned, keep: [] }), { deadlineMs: DEADLINE_MS });
  if (applied.kind !== 'ok')
    return { host, outcome: undone?.kind === 'ok' ? 'failed' : 'stuck', why: describe(applied) };
  if (ended.kind !== 'ok') return { host, outcome: 'stuck', why: describe(ended) };
  return { host, outcome: 'done', why: '' };
}
