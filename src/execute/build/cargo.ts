import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { RefusedError, UsageError } from '../../errors.ts';
import { runLocal } from '../local-command.ts';

const ASK_TIMEOUT_MS = 60_000;

/** One program of a cargo project. */
export type Bin = {
  readonly name: string;
  /** `edge 0.1.0` */
  readonly package: string;
  /** Folders of the project and of what is built. */
  readonly workspace: string;
  readonly targetFolder: string;
};

type Metadata = {
  readonly workspace_root: string;
  readonly target_directory: string;
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly targets: readonly { readonly name: string; readonly kind: readonly string[] }[];
  }[];
};

/** @throws RefusedError PD2702 (no cargo), UsageError PD2701 (no project, or none such program in it) */
export async function findBin(manifest: string, wanted: string | undefined): Promise<Bin> {
  const args = ['metadata', '--format-version', '1', '--no-deps', '--manifest-path', manifest];
  const asked = await runLocal(['cargo', ...args], {
    cwd: dirname(manifest),
    timeoutMs: ASK_TIMEOUT_MS,
    maxOutput: 64 * 1024 * 1024,
  });
  if (asked.code === undefined)
    throw new RefusedError('PD2702', `cargo could not be started: ${asked.output.trim()}`, {
      hint: 'install Rust (rustup), or build elsewhere and name the binary in the playbook',
    });
  const json = asked.output.split('\n').find((line) => line.startsWith('{'));
  if (asked.code !== 0 || json === undefined)
    throw UsageError.of('PD2701', `cargo cannot read ${manifest}: ${lastLine(asked.output)}`);
  const {
    packages,
    workspace_root: workspace,
    target_directory: targetFolder,
  } = JSON.parse(json) as Metadata;
  const bins = packages.flatMap((one) =>
    one.targets
      .filter((target) => target.kind.includes('bin'))
      .map((target) => ({
        name: target.name,
        package: `${one.name} ${one.version}`,
        workspace,
        targetFolder,
      })),
  );
  const fitting = bins.filter((bin) => wanted === undefined || bin.name === wanted);
  const [bin] = fitting;
  if (bin !== undefined && fitting.length === 1) return bin;
  const names = bins.map((one) => one.name).join(', ');
  if (wanted !== undefined)
    throw UsageError.of('PD2701', `${manifest} has no program "${wanted}"`, `there is: ${names}`);
  throw names === ''
    ? UsageError.of('PD2701', `${manifest} has no program, only libraries`)
    : UsageError.of('PD2701', `which program of ${manifest}? There is ${names}`, '--bin NAME');
}

export type CargoBuild = {
  readonly manifest: string;
  readonly bin: Bin;
  readonly profile: string;
  /** A target triple; the machine's own when it is absent. */
  readonly target?: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: string;
};

/**
 * Builds one program so that the same sources give the same bytes wherever they lie: locked, not incremental, without the
 * paths of this machine. Cargo's own words go to standard error as they come.
 * @returns path of the binary
 * @throws RefusedError PD2704
 */
export async function cargoBuild(build: CargoBuild, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { manifest, bin, profile, target, epoch } = build;
  const { args: flags, env: own } = reproducible(bin, epoch, env);
  const args = [
    ...['build', '--locked', '--profile', profile, '--bin', bin.name, '--manifest-path', manifest],
    ...(target === undefined ? [] : ['--target', target]),
    ...['--message-format', 'json-render-diagnostics'],
    ...flags,
  ];
  const { code, stdout } = await watched(['cargo', ...args], dirname(manifest), { ...env, ...own });
  const binary = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { executable?: string | null; target?: { name: string } })
    .findLast((said) => typeof said.executable === 'string' && said.target?.name === bin.name)?.executable;
  if (code === 0 && typeof binary === 'string') return binary;
  throw new RefusedError('PD2704', `cargo did not build ${bin.name}: it ended with ${code ?? 'a signal'}`, {
    hint: 'its words are above; nothing has been changed',
  });
}

/**
 * Arguments and variables that keep paths and times of this machine out of a binary. Flags of the user's environment stay;
 * those of cargo's configuration are joined with ours by cargo.
 */
export function reproducible(
  bin: Pick<Bin, 'workspace' | 'targetFolder'>,
  epoch: string,
  env: NodeJS.ProcessEnv,
): { readonly args: readonly string[]; readonly env: { readonly [name: string]: string } } {
  const home = env.HOME ?? homedir();
  // Of two that fit rustc takes the last one, so the inner folder comes later.
  const paths = [
    [env.RUSTUP_HOME ?? join(home, '.rustup'), '/rustup'],
    [env.CARGO_HOME ?? join(home, '.cargo'), '/cargo'],
    [bin.workspace, '/build'],
    [bin.targetFolder, '/build/target'],
  ] as const;
  const remap = paths.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  // Compilers of C get their flags as one text.
  const spaced = paths.some(([from]) => /\s/.test(from));
  const c = paths.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`).join(' ');
  const given =
    env.CARGO_ENCODED_RUSTFLAGS?.split('\x1f') ?? env.RUSTFLAGS?.split(/\s+/).filter((f) => f !== '');
  return {
    args: given === undefined ? ['--config', `build.rustflags=${JSON.stringify(remap)}`] : [],
    env: {
      CARGO_INCREMENTAL: '0',
      SOURCE_DATE_EPOCH: epoch,
      ...(spaced ? {} : { CFLAGS: joined(env.CFLAGS, c), CXXFLAGS: joined(env.CXXFLAGS, c) }),
      ...(given === undefined ? {} : { CARGO_ENCODED_RUSTFLAGS: [...given, ...remap].join('\x1f') }),
    },
  };
}

/** `rustc -vV` as far as it is kept. */
export async function compiler(folder: string): Promise<{ readonly rustc: string; readonly host: string }> {
  const asked = await runLocal(['rustc', '-vV'], { cwd: folder, timeoutMs: ASK_TIMEOUT_MS });
  const rustc = /^rustc (.+)$/m.exec(asked.output)?.[1];
  const host = /^host: (.+)$/m.exec(asked.output)?.[1];
  if (rustc === undefined || host === undefined)
    throw new RefusedError('PD2702', `rustc could not be asked for its version: ${lastLine(asked.output)}`);
  return { rustc, host };
}

function watched(
  argv: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | undefined; readonly stdout: string }> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = (code: number | null): void =>
      resolve({ code: code ?? undefined, stdout: Buffer.concat(chunks).toString('utf8') });
    child.on('error', () => end(null));
    child.on('close', end);
  });
}

function joined(a: string | undefined, b: string): string {
  return a === undefined || a === '' ? b : `${a} ${b}`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
