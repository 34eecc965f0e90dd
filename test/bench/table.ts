import { median } from './numbers.ts';
import type { Phases } from './phases.ts';
import type { Timing, Tool } from './tool.ts';

export type Results = {
  readonly machine: string;
  readonly hosts: number;
  readonly timings: readonly Timing[];
  readonly phases: readonly { readonly series: string; readonly phases: Phases }[];
  /** Tools that could not take part, and why. */
  readonly absent: readonly string[];
};

const FLOOR = 'openssh';
const OURS = 'pdeploy';

/** The results as Markdown. Ratios are of medians of the same run. */
export function table(results: Results, tools: readonly Pick<Tool, 'name' | 'note'>[]): string {
  const lines = [`${results.hosts} hosts, one at a time. ${results.machine}`, ''];
  for (const series of ['install', 'update']) {
    lines.push(
      `### ${series === 'install' ? 'First install, on wiped hosts' : 'Update: a changed configuration'}`,
      '',
    );
    lines.push(
      '| tool | runs | median s | least s | most s | to the floor | pdeploy is | CPU s here + hosts | load |',
      '|---|---|---|---|---|---|---|---|---|',
    );
    const floor = secondsOf(results, FLOOR, series);
    const ours = secondsOf(results, OURS, series);
    for (const tool of tools) {
      const all = secondsOf(results, tool.name, series);
      if (all.length === 0) continue;
      const times = tool.name === OURS ? '' : `${(median(all) / median(ours)).toFixed(1)} times as fast`;
      lines.push(
        `| ${tool.name} | ${all.length} | ${median(all).toFixed(2)} | ${Math.min(...all).toFixed(2)} | ${Math.max(...all).toFixed(2)} ` +
          `| ${(median(all) / median(floor)).toFixed(2)} | ${times} | ${cpuOf(results, tool.name, series)} | ${loadOf(results, tool.name, series)} |`,
      );
    }
    lines.push('');
  }
  lines.push(...tools.map((t) => `- ${t.name}: ${t.note}`), ...results.absent.map((a) => `- ${a}`), '');
  lines.push(...others(results), ...phaseTable(results));
  return lines.join('\n');
}

function others(results: Results): readonly string[] {
  const names = [...new Set(results.timings.filter((t) => t.series === 'command').map((t) => t.tool))];
  if (names.length === 0) return [];
  return [
    '| command | runs | median ms | least ms |',
    '|---|---|---|---|',
    ...names.map((name) => {
      const all = secondsOf(results, name, 'command').map((s) => s * 1_000);
      return `| \`${name}\` | ${all.length} | ${median(all).toFixed(0)} | ${Math.min(...all).toFixed(0)} |`;
    }),
    '',
  ];
}

const PHASES: readonly (readonly [keyof Phases, string])[] = [
  ['plan', 'start, connect, observe, plan, leases'],
  ['prepare', 'prepare, all hosts in parallel'],
  ['switch', 'switch, one host at a time'],
  ['finish', 'finish'],
  ['toSwitched', 'one instance: until its first sample'],
  ['toHealthy', 'one instance: until the gate is passed'],
  ['toCommitted', 'one instance: until it is committed'],
];

function phaseTable(results: Results): readonly string[] {
  if (results.phases.length === 0) return [];
  const of = (series: string, key: keyof Phases): string => {
    const values = results.phases.filter((p) => p.series === series).map((p) => p.phases[key]);
    return values.length === 0 ? '' : median(values).toFixed(0);
  };
  return [
    '| phase of pdeploy, ms | install | update |',
    '|---|---|---|',
    ...PHASES.map(([key, words]) => `| ${words} | ${of('install', key)} | ${of('update', key)} |`),
    '',
  ];
}

function secondsOf(results: Results, tool: string, series: string): readonly number[] {
  return results.timings.filter((t) => t.tool === tool && t.series === series).map((t) => t.seconds);
}

function cpuOf(results: Results, tool: string, series: string): string {
  const all = results.timings.filter((t) => t.tool === tool && t.series === series).map((t) => t.cpu);
  return `${median(all.map((c) => c.tool)).toFixed(2)} + ${median(all.map((c) => c.hosts)).toFixed(2)}`;
}

function loadOf(results: Results, tool: string, series: string): string {
  const all = results.timings.filter((t) => t.tool === tool && t.series === series).map((t) => t.load);
  return median(all).toFixed(1);
}
