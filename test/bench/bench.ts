/**
 * `npm run bench`: the same rollout by pdeploy, by a script for OpenSSH, by Ansible and by pyinfra, in interleaved
 * rounds on one lab. Prints medians and ratios; it never passes or fails by time. docs/benchmarks.md tells how to read it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Fleet, openFleet } from './fleet.ts';
import { assertDone, wipe } from './hosts-state.ts';
import { type Phases, phasesOf, readEvents } from './phases.ts';
import { installPython } from './python.ts';
import { say } from './say.ts';
import { type Results, table } from './table.ts';
import { type Timing, type Tool, timed } from './tool.ts';
import { ansible } from './tools/ansible.ts';
import { opensshScript } from './tools/openssh.ts';
import { flags, type Pdeploy, pdeploy } from './tools/pdeploy.ts';
import { pyinfra } from './tools/pyinfra.ts';
import { type Work, works } from './work.ts';

const { values: options } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    /** For tools that take minutes. */
    'slow-rounds': { type: 'string', default: '1' },
    /** Only tools whose name has one of these words: --tools openssh,pdeploy */
    tools: { type: 'string', default: '' },
    /** Every single figure, as JSON. */
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

const timings: Timing[] = [];
const phases: { series: string; phases: Phases }[] = [];
const absent: string[] = [];

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the benchmark starts containers: run it as root');
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-bench-'));
  const fleet = await openFleet(dir, Number(options.hosts));
  const end = async (): Promise<void> => {
    if (options.keep) return;
    await fleet.end();
    rmSync(dir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().finally(() => process.exit(130)));
  try {
    const work = await works(dir, fleet.inventory, fleet.upstream);
    const tools = await competitors(fleet, dir);
    await rounds(fleet, tools, work);
    const results: Results = {
      machine: `${cpus().length} cores, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}.`,
      hosts: fleet.hosts.length,
      timings,
      phases,
      absent,
    };
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(results, null, 2));
    process.stdout.write(`${table(results, tools)}\n`);
  } finally {
    await end();
  }
}

async function competitors(fleet: Fleet, dir: string): Promise<readonly Tool[]> {
  const words = options.tools.split(',').filter((w) => w !== '');
  const wanted = (name: string): boolean => words.length === 0 || words.some((w) => name.includes(w));
  const tools: Tool[] = [
    opensshScript(fleet, dir, 'plain'),
    pdeploy(fleet, dir, 'warm'),
    opensshScript(fleet, dir, 'zstd'),
    pdeploy(fleet, dir, 'cold'),
  ].filter((t) => wanted(t.name));
  if (wanted('ansible')) {
    await installPython(fleet, dir);
    tools.push(ansible(fleet, dir, 1), ansible(fleet, dir, 'all'));
  }
  if (wanted('pyinfra')) {
    const found = [pyinfra(fleet, dir, 'serial'), pyinfra(fleet, dir, 'parallel')].filter(
      (t) => t !== undefined,
    );
    if (found.length === 0) absent.push('pyinfra could not be installed with pip');
    tools.push(...found);
  }
  return tools;
}

async function rounds(fleet: Fleet, tools: readonly Tool[], work: readonly Work[]): Promise<void> {
  const warm = tools.find((t) => t.name === 'pdeploy');
  const [install] = work;
  if (warm !== undefined && install !== undefined) {
    say('filling the cache of pdeploy, not counted');
    await wipe(fleet);
    await warm.roll(install);
  }
  const most = Math.max(Number(options.rounds), Number(options['slow-rounds']));
  for (let round = 1; round <= most; round += 1) {
    for (const tool of tools) {
      if (round > Number(tool.pace === 'fast' ? options.rounds : options['slow-rounds'])) continue;
      await tool.rest?.();
      await wipe(fleet);
      for (const part of work) await measure(fleet, tool, part, round);
      if (tool === warm) await commands(fleet, warm as Pdeploy, work);
      await tool.rest?.();
    }
  }
}

async function measure(fleet: Fleet, tool: Tool, work: Work, round: number): Promise<void> {
  const started = Date.now();
  const timing = await timed(fleet.meter, tool.name, work.series, () => tool.roll(work));
  const ended = Date.now();
  timings.push(timing);
  say(
    `round ${round}  ${work.series.padEnd(8)} ${tool.name.padEnd(22)} ${timing.seconds.toFixed(2)} s  (load ${timing.load.toFixed(1)}, cpu ${timing.cpu.tool.toFixed(2)} + ${timing.cpu.hosts.toFixed(2)})`,
  );
  await assertDone(fleet, work);
  if (tool.name !== 'pdeploy') return;
  const own = tool as Pdeploy;
  await own.run('events', 'report', '--output', 'jsonl');
  phases.push({ series: work.series, phases: phasesOf(readEvents(own.log('events')), started, ended) });
}

/** Commands that change nothing, right after the update they find nothing to do for. */
async function commands(fleet: Fleet, own: Pdeploy, work: readonly Work[]): Promise<void> {
  const last = work.at(-1);
  if (last === undefined) return;
  const plan = ['plan', '-i', 'lab', '--detailed-exitcode', '--release', last.release, ...flags(last)];
  for (let n = 0; n < 3; n += 1) {
    timings.push(await timed(fleet.meter, 'pdeploy plan', 'command', () => own.run('plan', ...plan)));
    timings.push(await timed(fleet.meter, 'pdeploy --help', 'command', () => own.run('help', '--help')));
  }
}

await main();
