import { relative, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { projectDir } from '../../config/project.ts';
import { RefusedError } from '../../errors.ts';
import { type BuildResult, buildBinary } from '../../execute/build/build.ts';
import { recordFile } from '../../execute/build/record.ts';
import { binaryProblems } from '../../execute/machine.ts';
import { observeHost } from '../../execute/observe.ts';
import { readElf } from '../../host/elf.ts';
import { bytes } from '../../plan/text-block.ts';
import { type Args, text } from '../args.ts';
import { out } from '../io.ts';
import { fleetOptions, outputOptions } from '../options.ts';

export const buildCommand: CommandModule = {
  command: 'build',
  describe: 'Build a Rust service so that it can be built again, and write down how',
  builder: (y) =>
    outputOptions(fleetOptions(y), ['text', 'json'])
      .option('manifest', {
        type: 'string',
        default: 'Cargo.toml',
        describe: 'Of the service',
        group: 'Build:',
      })
      .option('bin', { type: 'string', describe: 'Which program, when there are several', group: 'Build:' })
      .option('profile', { type: 'string', default: 'release', describe: 'Of cargo', group: 'Build:' })
      .option('target', { type: 'string', describe: 'Target triple; default: this machine', group: 'Build:' })
      .option('out', { type: 'string', default: 'build', describe: 'Folder for the binary', group: 'Build:' })
      .option('allow-dirty', {
        type: 'boolean',
        default: false,
        describe: 'Build what is not committed; the release then says so',
        group: 'Build:',
      }),
  handler: async (args) => {
    const project = (await projectDir(process.cwd())) ?? process.cwd();
    const result = await buildBinary({
      manifest: resolve(text(args, 'manifest') ?? 'Cargo.toml'),
      bin: text(args, 'bin'),
      profile: text(args, 'profile') ?? 'release',
      target: text(args, 'target'),
      allowDirty: args['allow-dirty'] === true,
      folder: resolve(project, text(args, 'out') ?? 'build'),
    });
    for (const folder of result.traces)
      out.err(`warning: the binary holds the path ${folder}, so that it would be another one elsewhere`);
    if (args.output === 'json') out.data(JSON.stringify(result.record, null, 2));
    else out.data(describeBuild(result));
    if (text(args, 'inventory') !== undefined) await fitsFleet(args, result);
  },
};

function describeBuild({ file, record, size }: BuildResult): string {
  const rows: readonly (readonly [string, string])[] = [
    ['package', `${record.package}, profile ${record.profile}`],
    ['commit', record.commit === '' ? 'none' : `${record.commit}${record.dirty ? ', with changes' : ''}`],
    ['rustc', record.rustc],
    ['lock', record.lock],
    ['target', `${record.target}${record.glibc === '' ? '' : `, glibc ${record.glibc} or later`}`],
    ['sha256', record.sha256],
    ['record', relative(process.cwd(), recordFile(file))],
  ];
  const head = `${relative(process.cwd(), file)}, ${bytes(size)}`;
  return `${head}\n${rows.map(([key, value]) => `  ${key.padEnd(9)}${value}`).join('\n')}\n`;
}

/** @throws RefusedError PD3011 or PD3012 when it cannot run on a host, PD3004 when one cannot be asked */
async function fitsFleet(args: Args, { file, record }: BuildResult): Promise<void> {
  const [{ openFleet }, { readFileSync }, { readProject }, { makeTransport }] = await Promise.all([
    import('../../execute/fleet.ts'),
    import('node:fs'),
    import('../project.ts'),
    import('../session.ts'),
  ]);
  const { hosts: all } = await readProject(args);
  const hosts = all.filter((host) => host.cordon === undefined && host.instances.length > 0);
  const elf = readElf(readFileSync(file));
  const fleet = openFleet(hosts, await makeTransport(args), 20, new AbortController().signal);
  try {
    const seen = await fleet.each((link) =>
      observeHost(link, { service: link.host.instances[0]?.service ?? 'none', instances: [], queries: [] }),
    );
    const problems = seen.flatMap((one) =>
      one.kind === 'observed'
        ? binaryProblems(one.host, record.bin, elf, one.observation.facts)
        : { code: 'PD3004', message: `cannot be reached: ${one.host} (${one.why})` },
    );
    const [first] = problems;
    if (first !== undefined) throw new RefusedError(first.code, problems.map((p) => p.message).join('\n'));
    out.err(
      `${record.bin} runs on ${hosts.length === 1 ? 'the host' : `all ${hosts.length} hosts`} by its architecture and C library`,
    );
  } finally {
    await fleet.close();
  }
}
