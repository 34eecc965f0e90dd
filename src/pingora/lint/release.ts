import type { Problem } from '../../errors.ts';
import type { PingoraPart, ReleaseStep, Step } from '../../model/playbook.ts';
import { Secret } from '../../util/secret.ts';
import { type ConfFile, readConf } from './conf-file.ts';
import type { Finding } from './finding.ts';
import { lint } from './lint.ts';
import type { Subject } from './subject.ts';
import { readUnit } from './unit-file.ts';

/** What may be held against another version or another way than the playbook says. */
export type Over = Partial<Pick<Subject, 'version' | 'activation' | 'memoryAvailable'>>;

/**
 * Holds what a host would get against the rules, as it was rendered. Empty for what `pingoraService()` did not make.
 * @param host stands before the names of its files
 * @throws nothing but for a bug: pdeploy has written the files that it reads here
 */
export function lintRelease(host: string, steps: readonly Step[], over: Over = {}): readonly Finding[] {
  const release = steps.find((step): step is ReleaseStep => step.type === 'release');
  const part = release?.pingora;
  if (release === undefined || part === undefined) return [];
  const confs = part.instances.flatMap(({ path, listeners }): readonly ConfFile[] => {
    const file = release.files.find((f) => f.path === path);
    if (file === undefined) return [];
    const text = file.content instanceof Secret ? file.content.reveal() : file.content;
    const conf = readConf(text, `${host}:${path}`);
    if (!conf.ok) throw unreadable(conf.problems);
    return [{ ...conf.conf, listeners }];
  });
  return lint({ ...subject(host, part, confs, steps), ...over }, part.allow);
}

function unreadable(problems: readonly Problem[]): Error {
  return new Error(`pdeploy wrote a configuration that it cannot read: ${problems[0]?.message}`);
}

function subject(host: string, part: PingoraPart, confs: Subject['confs'], steps: readonly Step[]): Subject {
  const unit = steps.find((step) => step.type === 'unit');
  const units =
    unit === undefined
      ? []
      : [
          readUnit(unit.text, `${host}:unit`),
          ...unit.dropIns.map(({ name, text }) => readUnit(text, `${host}:dropins/${name}`)),
        ];
  const { version, appKey, drainSeconds } = part;
  const service = steps.find((step) => step.type === 'service');
  const activation = service?.handover?.activation === 'handover' ? 'handover' : 'restart';
  return { version, confs, units, activation, appKeys: [appKey], drainSeconds };
}

/** A finding of the first host that has it, and all hosts that do. */
export type Shared = { readonly finding: Finding; readonly hosts: readonly string[] };

/** Findings of many hosts, once where they are alike: most hosts have the same files. */
export function foldHosts(found: ReadonlyMap<string, readonly Finding[]>): readonly Shared[] {
  const told = new Map<string, { readonly finding: Finding; readonly hosts: string[] }>();
  for (const [host, findings] of found) {
    for (const finding of findings) {
      const { file, line, col } = finding.spot.at;
      const key = JSON.stringify([finding.code, file.replace(`${host}:`, ''), line, col, finding.why]);
      const known = told.get(key) ?? { finding, hosts: [] };
      known.hosts.push(host);
      told.set(key, known);
    }
  }
  return [...told.values()];
}
