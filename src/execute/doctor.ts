import { ConnectError } from '../errors.ts';
import { agentScript } from '../host/assemble.ts';
import type { BalancerGrant } from '../host/privileges/grant.ts';
import { judgeInspection, judgeLimits } from '../host/privileges/judge.ts';
import { type Check, fail, ok, warn } from '../model/check.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { Attempt, Wish } from '../transport/wish.ts';
import type { Fleet } from './fleet.ts';
import type { HostLink } from './host-link.ts';
import { inspectHost } from './inspect.ts';
import { wishes } from './wishes.ts';

export type HostChecks = { readonly host: HostName; readonly checks: readonly Check[] };

/** Tries what a login is not to be given. */
export type Try = (host: Host, wishes: readonly Wish[]) => Promise<readonly Attempt[]>;

const LEAST_SYSTEMD = 247;
const MIB = 2 ** 20;

/**
 * Looks at every host, and tries to do there what its login should not be able to do. Changes nothing.
 * @param balancers what has to be drained at which host
 */
export function examineHosts(
  fleet: Fleet,
  attempt: Try,
  balancers: ReadonlyMap<HostName, readonly BalancerGrant[]>,
): Promise<readonly HostChecks[]> {
  return fleet.each(async (link) => {
    const host = link.host.name;
    return { host, checks: await examine(link, attempt, balancers.get(host) ?? []) };
  });
}

async function examine(
  link: HostLink,
  attempt: Try,
  balancers: readonly BalancerGrant[],
): Promise<readonly Check[]> {
  const { host } = link;
  try {
    await link.connect();
  } catch (error) {
    if (error instanceof ConnectError) return [fail('reached', withHint(error))];
    throw error;
  }
  const reached = [ok('reached', `as ${host.connection.user}`), hostKey(host)];
  const services = [...new Set(host.instances.map((instance) => instance.service))];
  const looks = await inspectHost(link, services);
  if (typeof looks === 'string') return [...reached, fail('agent', looks), ...(await escapes(host, attempt))];
  const { inspection, facts, slackMs } = looks;
  const { bound, login } = inspection;
  return [
    ...reached,
    ...(bound
      ? [ok('login', login), ...(await escapes(host, attempt))]
      : [warn('login', 'root login: pdeploy hosts bootstrap makes one that can do less')]),
    ...judgeInspection(inspection, agentScript().sha256, services, balancers),
    ...machine(facts, slackMs),
    judgeLimits(inspection),
  ];
}

function withHint({ message, hint }: ConnectError): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

function hostKey({ connection }: Host): Check {
  return ok('host key', connection.hostKeys.length > 0 ? 'pinned in the inventory' : 'in known_hosts');
}

async function escapes(host: Host, attempt: Try): Promise<readonly Check[]> {
  let attempts: readonly Attempt[];
  try {
    attempts = await attempt(host, wishes(host.connection.port));
  } catch (error) {
    if (error instanceof ConnectError)
      return [warn('forced command', `could not be tried: ${error.message}`)];
    throw error;
  }
  return [judgeAttempts(attempts)];
}

/** Every wish has to be refused. */
export function judgeAttempts(attempts: readonly Attempt[]): Check {
  const granted = attempts.filter((a) => a.outcome === 'allowed').map((a) => a.name);
  if (granted.length > 0) return fail('forced command', `the key also gets: ${granted.join(', ')}`);
  const open = attempts.filter((a) => a.outcome === 'unclear').map((a) => `${a.name} (${a.why})`);
  if (open.length > 0) return warn('forced command', `not sure of: ${open.join(', ')}`);
  return ok(
    'forced command',
    `${attempts.length} of ${attempts.length} attempts to do anything else refused`,
  );
}

const MOST_SKEW_MS = 2_000;

function machine(facts: HostFacts, slackMs: number): readonly Check[] {
  const skew = facts.clockSkewMs / 1_000;
  const clock = `${skew >= 0 ? '+' : ''}${skew.toFixed(1)} s against here`;
  const isOff = Math.abs(facts.clockSkewMs) - slackMs > MOST_SKEW_MS;
  const free = `${Math.floor(facts.diskFree / MIB).toLocaleString('en-US')} MiB free`;
  const disk = facts.diskFree < 256 * MIB ? fail : facts.diskFree < 1_024 * MIB ? warn : ok;
  return [
    isOff ? warn('clock', clock) : ok('clock', clock),
    disk('disk', free),
    facts.systemd < LEAST_SYSTEMD
      ? fail('systemd', `${facts.systemd}; ${LEAST_SYSTEMD} is needed`)
      : ok('systemd', String(facts.systemd)),
  ];
}
