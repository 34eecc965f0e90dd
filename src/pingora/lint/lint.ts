import type { Finding } from './finding.ts';
import { HOST_RULES } from './host-rules.ts';
import { KEY_RULES } from './key-rules.ts';
import type { Rule, Subject } from './subject.ts';
import { UNIT_RULES } from './unit-rules.ts';

/** Every rule in the order of its code. */
export const RULES: readonly Rule[] = [...KEY_RULES, ...HOST_RULES, ...UNIT_RULES].toSorted((a, b) =>
  a.code < b.code ? -1 : 1,
);

/** What the rules find, in the order of the files. @param allow names of rules that are passed over */
export function lint(subject: Subject, allow: readonly string[] = []): readonly Finding[] {
  const files = [...subject.confs, ...subject.units].map((one) => one.file);
  return RULES.filter((rule) => !allow.includes(rule.name))
    .flatMap((rule) => rule.check(subject).map((said) => ({ ...said, code: rule.code, rule: rule.name })))
    .toSorted((a, b) => {
      const [x, y] = [a.spot.at, b.spot.at];
      return files.indexOf(x.file) - files.indexOf(y.file) || x.line - y.line || x.col - y.col;
    });
}
