import { count } from '../../config/show.ts';
import type { Finding } from './finding.ts';

/** Findings for people, each with its line and what to write; ends in a newline. @param where `3 files` */
export function describeFindings(findings: readonly Finding[], where: string): string {
  if (findings.length === 0) return `${where} checked, nothing found.\n`;
  const errors = findings.filter((f) => f.severity === 'error').length;
  const counted = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(errors < findings.length ? [count(findings.length - errors, 'warning')] : []),
  ].join(' and ');
  return `${findings.map(block).join('\n\n')}\n\n${counted} in ${where}.\n`;
}

function block({ spot, severity, rule, code, why, instead }: Finding): string {
  const { file, line, col } = spot.at;
  const head = `${file}:${line}:${col} ${severity} ${rule} (${code})`;
  return [head, ...(spot.excerpt === '' ? [] : [spot.excerpt]), `  ${why}`, `  ${instead}`].join('\n');
}
