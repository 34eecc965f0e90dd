import { resolve } from 'node:path';
import { CancelledError, EXIT, PdeployError, RefusedError, UsageError } from '../../errors.ts';
import {
  type BootstrapPlan,
  type BootstrapResult,
  bootstrapHost,
  planBootstrap,
} from '../../execute/bootstrap.ts';
import { type Fleet, openFleet } from '../../execute/fleet.ts';
import { actor } from '../../execute/origin.ts';
import { commandLine } from '../../host/commands.ts';
import { type BalancerGrant, type Grant, homeOf } from '../../host/privileges/grant.ts';
import type { Host } from '../../model/host.ts';
import { bootstrapText } from '../../report/bootstrap.ts';
import { detectStyle } from '../../report/style.ts';
import { count, names } from '../../report/words.ts';
import { deployLogin, LOGIN_SHELL } from '../../resource/deploy-login.ts';
import { type Args, text } from '../args.ts';
import { balancersOf } from '../balancers.ts';
import { grantOf } from '../grant.ts';
import { interruption } from '../interruption.ts';
import { isInteractive, out } from '../io.ts';
import { readProject } from '../project.ts';
import { makeTransport } from '../session.ts';
import { waiting } from '../wait.ts';

const FORKS = 20;

type Planned = Extract<BootstrapPlan, { kind: 'planned' }>;

/** Makes the least-privilege login on each host. */
export async function bootstrap(args: Args): Promise<void> {
  const wanted = grantOf(args);
  const { hosts: selected, inventory, project } = await readProject(args);
  const hosts = selected.map((host) => loggedInAs(host, args));
  for (const { name, connection } of hosts)
    if (connection.user === wanted.login)
      throw UsageError.of(
        'PD2228',
        `the inventory logs in to ${name} as ${wanted.login} itself`,
        'log in as root: --as root, and --identity FILE when its key is another',
      );
  const balancers = await balancersOf(inventory, project);
  const stops = interruption();
  const unbound = (command: Parameters<typeof commandLine>[0], sudo: boolean): string =>
    commandLine(command, sudo, true);
  const fleet = openFleet(hosts, await makeTransport(args, unbound), FORKS, stops.gone);
  try {
    const quiet = args.quiet === true;
    const grants = new Map(
      hosts.map((host) => [host.name, grantOn(wanted, host, balancers?.get(host.name) ?? [])]),
    );
    if (balancers === undefined && wanted.policy === 'deploy')
      out.err('the playbook of the rollout does not compile: what it drains at balancers is not known');
    const login = { login: wanted.login, home: homeOf(wanted.login), shell: LOGIN_SHELL };
    const looks = planBootstrap(fleet, login, (host, kept) =>
      deployLogin({ ...(grants.get(host) ?? wanted), kept }),
    );
    const plans = await waiting(`Looking at ${count(hosts.length, 'host')}`, quiet, looks);
    stops.check();
    const refused = plans.flatMap((plan) => (plan.kind === 'refused' ? [`${plan.host}: ${plan.why}`] : []));
    if (refused.length > 0)
      throw new RefusedError('PD3401', refused.join('\n'), { hint: 'nothing has been changed' });
    const planned = plans.flatMap((plan) => (plan.kind === 'planned' ? [plan] : []));
    const open = planned.filter((plan) => plan.changes.length > 0);
    const style = detectStyle(process.stderr, process.env);
    if (!quiet && args.output !== 'json')
      out.err(
        `${headline(wanted, [...grants.values()], inventory.name)}\n\n${bootstrapText(planned, style)}`,
      );
    if (open.length > 0 && args.check !== true) await ask(args, open.length, stops.stop);
    stops.begin();
    const results = args.check === true ? [] : await waiting('Changing them', quiet, change(fleet, open));
    tell(args, planned, results, wanted);
  } finally {
    stops.end();
    await fleet.close();
  }
}

/** As many hosts at once as the fleet allows. */
async function change(fleet: Fleet, plans: readonly Planned[]): Promise<readonly BootstrapResult[]> {
  const wanted = new Map(plans.map((plan) => [plan.host, plan]));
  const results = await fleet.each(async (link) => {
    const plan = wanted.get(link.host.name);
    return plan === undefined ? [] : [await bootstrapHost(link, plan, actor())];
  });
  return results.flat();
}

function loggedInAs(host: Host, args: Args): Host {
  const [user, identity] = [text(args, 'as'), text(args, 'identity')];
  const { connection } = host;
  // Another user has another key: that of the inventory is not tried for him.
  const identities =
    identity === undefined ? (user === undefined ? connection.identities : []) : [resolve(identity)];
  if (user === undefined) return { ...host, connection: { ...connection, identities } };
  const unset = (connection.unset ?? []).filter((field) => field !== 'user');
  return { ...host, connection: { ...connection, user, identities, unset } };
}

/** @throws UsageError when the policy would name none */
function grantOn(wanted: Grant, host: Host, needed: readonly BalancerGrant[]): Grant {
  if (wanted.policy === 'host') return wanted;
  const balancers =
    wanted.services.length === 0 ? needed : needed.filter((b) => wanted.services.includes(b.service));
  const own = [...host.instances, ...balancers].map((one) => one.service);
  const services = wanted.services.length > 0 ? wanted.services : [...new Set(own)];
  if (services.length > 0) return { ...wanted, services, balancers };
  throw UsageError.of(
    'PD2226',
    `${host.name} runs no service of the inventory, and the playbook drains none there`,
    '--service NAME, or --policy host',
  );
}

function headline(wanted: Grant, grants: readonly Grant[], inventory: string): string {
  const services = [...new Set(grants.flatMap((grant) => grant.services))];
  const may = wanted.policy === 'host' ? 'everything' : `releases of ${services.join(', ')}`;
  const keys = wanted.keys.map((key) => `${key.fingerprint} ${key.comment}`.trimEnd()).join(', ');
  const from = wanted.from.length === 0 ? '' : `, from ${wanted.from.join(', ')}`;
  return `login ${wanted.login} on ${inventory}, ${count(grants.length, 'host')}: ${may}\nkey   ${keys}${from}`;
}

async function ask(args: Args, hosts: number, signal: AbortSignal): Promise<void> {
  if (args.yes === true) return;
  if (!isInteractive())
    throw UsageError.of(
      'PD2230',
      'nobody is there to say yes to this',
      'look at it with --check, then add --yes',
    );
  const { confirm } = await import('../prompt.ts');
  if (!(await confirm(`Change ${count(hosts, 'host')}?`, signal))) throw new CancelledError();
}

function tell(
  args: Args,
  planned: readonly { readonly host: string; readonly changes: readonly { readonly step: string }[] }[],
  results: readonly BootstrapResult[],
  wanted: Grant,
): void {
  if (args.output === 'json') {
    const hosts = planned.map(({ host, changes }) => ({
      host,
      changes: changes.map((change) => change.step),
      outcome: results.find((result) => result.host === host)?.outcome ?? 'unchanged',
    }));
    out.data(JSON.stringify({ v: 1, login: wanted.login, policy: wanted.policy, hosts }, null, 2));
  }
  const bad = results.filter((result) => result.outcome !== 'done');
  if (bad.length > 0) {
    const stuck = bad.some((result) => result.outcome === 'stuck');
    const lines = bad.map(({ host, why, outcome }) =>
      outcome === 'stuck' ? `${host}: ${why} (NOT as it was before)` : `${host}: ${why} (as it was before)`,
    );
    const exit = stuck ? EXIT.needsPerson : EXIT.rolledBack;
    throw new PdeployError('PD3402', lines.join('\n'), exit, {
      hint: 'the same command again goes on where it can',
    });
  }
  if (args.output === 'json' || args.quiet === true) return;
  const done = results.map((result) => result.host);
  const same = planned.filter((plan) => plan.changes.length === 0).length;
  const rest =
    same === 0 ? '' : `${count(same, 'host')} ${same === 1 ? 'is as it' : 'are as they'} should be`;
  if (done.length > 0) out.err(`\nDone on ${names(done)}${rest === '' ? '' : `; ${rest}`}.\n${next(wanted)}`);
  else out.err(`\nNothing has been changed${rest === '' ? '' : `: ${rest}`}.`);
}

function next({ login }: Grant): string {
  return [
    'Next: in the inventory of whoever deploys',
    `    user: ${login}`,
    '    identity: <the private half of the key>',
    'then: pdeploy doctor',
  ].join('\n');
}
