import { z } from 'zod';
import type { Answer } from '../../model/facts.ts';
import type { Change, HostOp, ResourceKind, ResourceStep } from '../../model/resource.ts';
import { sha256 } from '../../util/digest.ts';
import { checkOptions, optionProblem } from '../options.ts';
import { resourceStep } from '../step.ts';

export type SysctlOptions = { readonly [key: string]: number | string };

type Sysctl = { readonly file: string; readonly text: string; readonly keys: readonly Setting[] };
type Setting = { readonly key: string; readonly value: string };

const schema = z.record(
  z.string(),
  z.union([z.number(), z.string().regex(/^[A-Za-z0-9 ._-]+$/)], {
    error: 'expected a number or a short text',
  }),
);

export const sysctlKind: ResourceKind<Sysctl> = {
  kind: 'sysctl',
  phase: 'activate',
  describe: (sysctl) => `kernel settings ${sysctl.keys.map((s) => s.key).join(', ')}`,
  queries: (sysctl, id) => [
    { kind: 'path', id, path: sysctl.file, text: true },
    ...sysctl.keys.map((s) => ({
      kind: 'path' as const,
      id: `${id}/${s.key}`,
      path: procPath(s.key),
      text: true,
    })),
  ],
  diff: (sysctl, [file, ...values]) => {
    const changes: Change[] = stored(sysctl, file)
      ? []
      : [{ field: 'file', from: textOf(file) ?? '', to: sysctl.text }];
    return [
      ...changes,
      ...differing(sysctl, values).map((d) => ({ field: d.key, from: d.now ?? 'unknown', to: d.value })),
    ];
  },
  ops: (sysctl, [file, ...values]) => {
    const ops: HostOp[] = stored(sysctl, file)
      ? []
      : [
          {
            kind: 'file',
            path: sysctl.file,
            owner: 'root',
            group: 'root',
            mode: '0644',
            content: sysctl.text,
          },
        ];
    const differ = differing(sysctl, values);
    if (differ.length === 0) return ops;
    const set = (pairs: readonly Setting[]): readonly string[] => [
      'sysctl',
      '-q',
      '-w',
      ...pairs.map((p) => `${p.key}=${p.value}`),
    ];
    const before = differ.flatMap((d) => (d.now === undefined ? [] : [{ key: d.key, value: d.now }]));
    return [
      ...ops,
      { kind: 'command', argv: set(differ), ...(before.length === 0 ? {} : { revert: set(before) }) },
    ];
  },
};

function stored(sysctl: Sysctl, file: Answer | undefined): boolean {
  return file?.kind === 'path' && file.sha256 === sha256(sysctl.text);
}

function differing(
  sysctl: Sysctl,
  values: readonly Answer[],
): readonly (Setting & { readonly now: string | undefined })[] {
  return sysctl.keys
    .map((setting, i) => ({ ...setting, now: textOf(values[i])?.trim().replaceAll(/\s+/g, ' ') }))
    .filter((setting) => setting.now !== setting.value);
}

function textOf(answer: Answer | undefined): string | undefined {
  return answer?.kind === 'path' ? answer.text : undefined;
}

function procPath(key: string): string {
  return `/proc/sys/${key.replaceAll('.', '/')}`;
}

/**
 * Kernel settings: a file in `/etc/sysctl.d` for the next boot, and the running value now. Undone with the values found before.
 * @example sysctl({ 'net.ipv4.ip_unprivileged_port_start': 80 })
 */
export function sysctl(options: SysctlOptions): ResourceStep {
  const given = checkOptions('sysctl', schema, options);
  const keys = Object.entries(given).map(([key, value]) => ({ key, value: String(value) }));
  const first = keys[0];
  if (first === undefined) throw optionProblem('sysctl', 'names no setting');
  const wrong = keys.find((s) => !/^[a-z][a-z0-9_]*(\.[a-z0-9_-]+)+$/.test(s.key));
  if (wrong !== undefined)
    throw optionProblem('sysctl', `"${wrong.key}" is not a setting such as "net.core.somaxconn"`);
  keys.sort((a, b) => (a.key < b.key ? -1 : 1));
  const name = keys.length === 1 ? first.key : `${first.key}+${keys.length - 1}`;
  const text = `# Written by pdeploy.\n${keys.map((s) => `${s.key} = ${s.value}\n`).join('')}`;
  return resourceStep(name, sysctlKind, { file: `/etc/sysctl.d/90-pdeploy-${name}.conf`, text, keys });
}
