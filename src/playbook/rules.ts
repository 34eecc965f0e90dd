import type { Problem } from '../errors.ts';
import type { Step } from '../model/playbook.ts';
import { secretIn } from '../util/redact.ts';
import { Secret } from '../util/secret.ts';

const ONE_OF_EACH = ['release', 'unit', 'service'] as const;
const FACTORY = {
  release: 'release()',
  unit: 'systemdUnit()',
  service: 'service()',
  logrotate: 'logrotate()',
} as const;

/** True when the steps roll a service out; else they only set a host up. */
export function deploysService(steps: readonly Step[]): boolean {
  return steps.some((step) => step.type !== 'resource');
}

/** What is wrong with the steps of a host as a whole. */
export function stepProblems(playbook: string, service: string, steps: readonly Step[]): readonly Problem[] {
  return [
    ...duplicates(playbook, steps),
    ...missing(playbook, steps),
    ...needed(service, steps),
    ...overlaps(playbook, steps),
    ...profiles(playbook, steps),
    ...steps.flatMap((step) => openSecrets(playbook, step.id, step)),
  ];
}

/**
 * Secrets whose text stands in a part of a playbook outside of a Secret: in arguments that everybody on the machine can
 * read, in a unit, in a file with the wrong mode.
 */
export function openSecrets(playbook: string, id: string, part: unknown): readonly Problem[] {
  return plainTexts(part).flatMap(([path, text]) => {
    const secret = secretIn(text);
    if (secret === undefined) return [];
    return {
      code: 'PD2137',
      message: `playbook ${playbook}: ${id} has ${secret} in ${path}, where it could be read`,
      hint: 'give it to the service in a file: content: the Secret itself, or template() with it among the values',
    };
  });
}

/** Every string of a step with its path; what is in a Secret is not among them. */
function plainTexts(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null || value instanceof Secret) return [];
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.flatMap(([key, item]) => plainTexts(item, path === '' ? String(key) : `${path}.${key}`));
}

function duplicates(playbook: string, steps: readonly Step[]): readonly Problem[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { type, id } of steps)
    if (type === 'resource' || type === 'certificate') (seen.has(id) ? twice : seen).add(id);
  return [...twice].map((id) => ({
    code: 'PD2109',
    message: `playbook ${playbook}: two steps are called "${id}"`,
  }));
}

function missing(playbook: string, steps: readonly Step[]): readonly Problem[] {
  if (!deploysService(steps)) return [];
  const count = (type: Step['type']): number => steps.filter((step) => step.type === type).length;
  const problems: Problem[] = [];
  for (const type of ONE_OF_EACH) {
    if (count(type) === 0)
      problems.push({
        code: 'PD2111',
        message: `playbook ${playbook} has no ${FACTORY[type]} step`,
        hint: 'a playbook that rolls out a service has one release(), one systemdUnit() and one service()',
      });
  }
  for (const type of [...ONE_OF_EACH, 'logrotate'] as const)
    if (count(type) > 1)
      problems.push({
        code: 'PD2111',
        message: `playbook ${playbook} has ${count(type)} ${FACTORY[type]} steps, a service has one`,
      });
  return problems;
}

/** Two steps that would write the same file of the release. */
function overlaps(playbook: string, steps: readonly Step[]): readonly Problem[] {
  const files = steps.flatMap((step) => (step.type === 'release' ? step.files : []));
  return steps.flatMap((step) => {
    if (step.type !== 'certificate') return [];
    const file = files.find(
      ({ path }) => path.startsWith(`tls/${step.name}/`) || path === `tls/${step.name}`,
    );
    if (file === undefined) return [];
    return {
      code: 'PD2109',
      message: `playbook ${playbook}: release() has ${file.path}, where certificate("${step.name}") puts its files`,
    };
  });
}

/** A certificate that doctor would hold to another profile than its listeners have. */
function profiles(playbook: string, steps: readonly Step[]): readonly Problem[] {
  const own = steps.find((step) => step.type === 'release')?.pingora?.tls;
  return steps.flatMap((step) =>
    own === undefined || step.type !== 'certificate' || step.profile === own
      ? []
      : {
          code: 'PD2115',
          message: `playbook ${playbook}: certificate("${step.name}") is of profile ${step.profile}, and pingoraService() serves ${own}`,
          hint: `say profile: '${own}' in certificate(), or tls: '${step.profile}' in pingoraService()`,
        },
  );
}

/** What the unit lacks: directories that it cannot start without and that systemd does not make, a way to reload. */
function needed(name: string, steps: readonly Step[]): readonly Problem[] {
  const unit = steps.find((step) => step.type === 'unit');
  if (unit === undefined) return [];
  const made = new Set(steps.filter((step) => step.type === 'resource').map((step) => step.id));
  const problems: Problem[] = [];
  const root = /^RootDirectory=(.+)$/m.exec(unit.text)?.[1];
  if (root !== undefined && !made.has(`directory:${root}`))
    problems.push({
      code: 'PD2112',
      message: `the unit runs in ${root}, which no step makes`,
      hint: `add directory({ path: '${root}' })`,
    });
  const logs = `/var/log/${name}`;
  if (unit.text.includes(`=append:${logs}/`) && !made.has(`directory:${logs}`))
    problems.push({
      code: 'PD2112',
      message: `the unit writes to ${logs}, which no step makes`,
      hint: `add directory({ path: '${logs}', group: '${unit.user}', mode: '0750' })`,
    });
  const texts = [unit.text, ...unit.dropIns.map((d) => d.text)].join('\n');
  const service = steps.find((step) => step.type === 'service');
  if (service?.reload === true && !/^(ExecReload=|Type=notify-reload$)/m.test(texts))
    problems.push({
      code: 'PD2113',
      message: 'service() says reload: true, and its unit cannot be reloaded',
      hint: "give systemdUnit() an ExecReload, or Type: 'notify-reload' (systemd 253)",
    });
  if (service?.handover !== undefined) problems.push(...handoverProblems(texts));
  return problems;
}

/** What in a unit keeps a successor from taking over. */
function handoverProblems(unit: string): readonly Problem[] {
  const problem = (message: string, hint: string): Problem => ({ code: 'PD2114', message, hint });
  const found: Problem[] = [];
  const start = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '';
  if (!/^ExecReload=\/usr\/bin\/setsid --fork /m.test(unit))
    found.push(
      problem('a handover needs the ExecReload= of the unit', 'take ExecReload out of systemdUnit()'),
    );
  if (/(^|\s)"?(-d|--daemon)"?(\s|$)/.test(start))
    found.push(problem('a service in the background cannot hand over', 'take -d out of exec'));
  if (/^WatchdogSec=(?!0$)/m.test(unit))
    found.push(
      problem('systemd gives a successor no watchdog', 'take WatchdogSec out, or activation: restart'),
    );
  if (/^Restart=always$/m.test(unit))
    found.push(problem('Restart=always would start the old process again', "use Restart: 'on-failure'"));
  if (/^PIDFile=|^Type=(forking|oneshot)$/m.test(unit))
    found.push(problem('a handover needs a process in the foreground', 'take PIDFile and Type out'));
  return found;
}
