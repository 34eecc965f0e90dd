import { type Check, fail, ok, warn } from '../../model/check.ts';
import { AGENT_PATH } from '../commands.ts';
import type { Inspection } from '../decode/inspection.ts';
import { type BalancerGrant, balancerLine, FORCED_COMMAND, keptLines, POLICY_PATH } from './grant.ts';

/**
 * What an inspection says of how much its login can do.
 * @param agent digest of the agent that this pdeploy brings
 * @param services those that the inventory has on the host
 * @param balancers what the playbook drains at its HAProxy
 */
export function judgeInspection(
  inspection: Inspection,
  agent: string,
  services: readonly string[],
  balancers: readonly BalancerGrant[] = [],
): readonly Check[] {
  const { bound } = inspection;
  return [
    judgeAgent(inspection.agent, agent),
    ...(bound ? [judgeSudo(inspection.sudo), judgeKeys(inspection.keys)] : []),
    judgePolicy(inspection, services, balancers),
    judgeStanding(inspection.standing),
    ...(bound ? judgeUsers(inspection) : []),
  ];
}

/** Whether what lies in the place of the agent is not this agent, or is not root's alone. */
export function needsAgent({ agent, standing }: Inspection, wanted: string): boolean {
  const own = standing.filter(({ path }) => path.startsWith('/usr/local/libexec/pdeploy/agent-'));
  return agent.found !== wanted || own.length === 0 || judgeStanding(own).level !== 'ok';
}

function judgeAgent({ stated, found }: Inspection['agent'], wanted: string): Check {
  const short = (digest: string): string => digest.slice(0, 12) || 'nothing';
  if (stated !== wanted) return fail('agent', `is ${short(stated)}, this pdeploy has ${short(wanted)}`);
  if (found !== wanted)
    return fail('agent', `says that it is ${short(stated)}, what lies there is ${short(found)}`);
  return ok('agent', short(wanted));
}

const ONLY_RULE = `(root) NOPASSWD: ${AGENT_PATH} ""`;

/** @param text of `sudo -l -U LOGIN` in the C locale */
export function judgeSudo(text: string): Check {
  const [, rules] = text.split(/^User \S+ may run the following commands on .*:$/m);
  if (rules === undefined) return fail('sudo', 'nobody can say what sudo allows the login');
  const others = rules
    .split('\n')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '' && rule !== ONLY_RULE);
  if (others.length > 0) return fail('sudo', `allows the login more than the agent: ${others.join('; ')}`);
  return ok('sudo', 'allows the agent without arguments, and nothing else');
}

/** Options that take something away; a key may have them as well (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
const HARMLESS = /^(?:from|expiry-time|permitopen|permitlisten)=|^(?:no-[a-z0-9-]+|verify-required)$/i;

/** @param text of the authorized_keys of the login */
export function judgeKeys(text: string | undefined): Check {
  if (text === undefined) return warn('keys', 'the authorized_keys of the login are not in its home');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  if (lines.length === 0) return warn('keys', 'there is no key where bootstrap puts it');
  const odd = lines.flatMap((line, index) => {
    const why = oddOptions(optionsOf(line.trim()));
    return why === undefined ? [] : [`key ${index + 1} ${why}`];
  });
  if (odd.length > 0) return fail('keys', odd.join('; '));
  return ok(
    'keys',
    `${lines.length === 1 ? 'the key runs' : `all ${lines.length} keys run`} the agent and nothing else`,
  );
}

const COMMAND = `command="${FORCED_COMMAND}"`;

function oddOptions(options: readonly string[]): string | undefined {
  if (!options.includes('restrict')) return 'is not restricted';
  if (!options.includes(COMMAND)) return 'is not bound to the agent';
  const more = options.find(
    (option) => option !== 'restrict' && option !== COMMAND && !HARMLESS.test(option),
  );
  return more === undefined ? undefined : `has the option ${more}`;
}

/** What stands before the key, split at commas; both commas and blanks may be quoted. */
function optionsOf(line: string): readonly string[] {
  const [field = ''] = /^(?:"(?:\\"|[^"])*"|[^\s"])+/.exec(line) ?? [];
  if (/^(?:ssh|ecdsa|sk)-/.test(field)) return [];
  return field.match(/(?:"(?:\\"|[^"])*"|[^,"])+/g) ?? [];
}

function judgePolicy(
  { bound, policy }: Inspection,
  services: readonly string[],
  balancers: readonly BalancerGrant[],
): Check {
  if (policy === undefined)
    return bound
      ? fail('policy', `there is no ${POLICY_PATH}: whoever may call the agent is as good as root`)
      : ok('policy', 'none');
  const words = policy.split('\n').map((line) => line.trim().split(/\s+/));
  if (words.some(([key, value]) => key === 'policy' && value === 'host'))
    return bound ? warn('policy', 'host: the login can do everything by the agent') : ok('policy', 'host');
  const named = words.flatMap(([key, value]) => (key === 'service' && value !== undefined ? [value] : []));
  const lines = keptLines(policy);
  const wanted = [...new Set([...services, ...balancers.map((b) => b.service)])];
  const missing = [
    ...wanted.filter((service) => !named.includes(service)),
    ...balancers.map(balancerLine).filter((line) => !lines.includes(line)),
  ];
  const text = `deploy: ${named.join(', ') || 'no service'}`;
  return missing.length === 0 || !bound
    ? ok('policy', text)
    : fail('policy', `${text}; it does not name ${missing.join(', ')}`);
}

const WRITABLE_FOR_OTHERS = 0o022;

function judgeStanding(standing: Inspection['standing']): Check {
  const odd = standing.flatMap(({ path, owner, mode, type }) => {
    if (owner !== 'root') return [`${path} belongs to ${owner}`];
    if (type === 'link') return [`${path} is a link`];
    return (Number.parseInt(mode, 8) & WRITABLE_FOR_OTHERS) === 0
      ? []
      : [`${path} is writable for others (${mode})`];
  });
  return odd.length === 0
    ? ok('files', `${standing.length} files and directories are root’s alone`)
    : fail('files', odd.join('; '));
}

function judgeUsers({ instances, policy }: Inspection): readonly Check[] {
  const roots = instances.filter((instance) => instance.user === 'root').map((instance) => instance.name);
  if (roots.length === 0 || policy === undefined) return [];
  return [
    warn('service user', `runs as root (${roots.join(', ')}): whoever may deploy it is as good as root`),
  ];
}

/** Open files that a unit asked for and its process did not get. */
export function judgeLimits({ instances }: Inspection): Check {
  const short = instances.flatMap(({ name, nofile }) =>
    nofile === undefined || nofile.got >= nofile.asked
      ? []
      : [`${name} asked ${nofile.asked}, got ${nofile.got}`],
  );
  if (short.length > 0) return warn('open files', short.join('; '));
  const running = instances.filter((instance) => instance.nofile !== undefined).length;
  return ok('open files', running === 0 ? 'nothing runs' : 'as the units ask');
}
