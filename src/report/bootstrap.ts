import { sanitizeLines } from '../util/sanitize.ts';
import { glyph, line, type Style } from './style.ts';
import { count } from './words.ts';

type Change = {
  readonly step: string;
  readonly action: 'add' | 'change' | 'same';
  readonly changes: readonly { readonly field: string; readonly from: string; readonly to: string }[];
  readonly diff?: string;
};

/** What bootstrap would do to each host, in the shape that src/execute makes. */
export type BootstrapHost = {
  readonly host: string;
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
};

const SIGNS = { add: '+', change: '~', same: '=' } as const;

/** Every change once, with the hosts it concerns when these are not all. */
export function bootstrapText(hosts: readonly BootstrapHost[], style: Style): string {
  const groups = new Map<string, { change: Change; hosts: string[] }>();
  for (const { host, changes } of hosts)
    for (const change of changes) {
      const key = JSON.stringify(change);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { change, hosts: [host] });
      else known.hosts.push(host);
    }
  const lines = [...groups.values()].flatMap(({ change, hosts: on }) => [
    line([`  ${SIGNS[change.action]} ${named(change)}${whereText(on, hosts)}`], style),
    ...diffLines(change, style),
  ]);
  const warnings = hosts.flatMap(({ host, warnings: texts }) =>
    texts.map((text) => line([glyph('warning', style), ` ${host}: ${text}`], style)),
  );
  return [...lines, ...warnings].join('\n');
}

/** `file /etc/x` and what of it differs, but for its text, which the diff shows. */
function named({ step, changes }: Change): string {
  const fields = changes
    .filter(({ field }) => field !== 'content')
    .map(({ field, from, to }) => (from === '' || from === 'absent' ? to : `${field} ${from} -> ${to}`));
  const name = step.replace(':', ' ');
  return fields.length === 0 ? name : `${name}   ${fields.join('; ')}`;
}

function diffLines({ diff }: Change, style: Style): readonly string[] {
  if (diff === undefined) return [];
  const body = sanitizeLines(diff.trimEnd()).filter((text) => !/^(---|\+\+\+|@@) /.test(text));
  return body.map((text) => line([`      ${text}`], style));
}

function whereText(on: readonly string[], all: readonly BootstrapHost[]): string {
  if (on.length === all.length) return '';
  return `   on ${on.length} of ${count(all.length, 'host')}: ${on.slice(0, 4).join(', ')}${on.length > 4 ? ', ...' : ''}`;
}
