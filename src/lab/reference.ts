import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../errors.ts';
import { run } from './run.ts';

const MANIFEST = fileURLToPath(new URL('../../examples/edge/Cargo.toml', import.meta.url));
const BUILD_LIMIT_MS = 40 * 60_000;
const CADDY = '/usr/bin/caddy';

/** A binary to rehearse with. `why` says in one line why it is not the Pingora reference service. */
export type Reference =
  | { readonly flavour: 'edge'; readonly binary: string }
  | { readonly flavour: 'caddy'; readonly binary: string; readonly why: string };

/** Cargo's target directory of the reference service: outside the checkout, so that a new clone finds it warm. */
export function edgeTarget(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'pdeploy', 'edge-target');
}

/**
 * Builds the Pingora reference service, or takes Debian's caddy where that cannot be done.
 * @throws RefusedError PD6020 when neither is to be had
 */
export async function referenceService(progress: (line: string) => void): Promise<Reference> {
  const built = await buildEdge(progress);
  if (built.ok) return { flavour: 'edge', binary: built.binary };
  if (!existsSync(CADDY)) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['-q', 'update'], { env, timeoutMs: 600_000 });
    await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'caddy'], {
      env,
      timeoutMs: 600_000,
    });
  }
  if (existsSync(CADDY)) return { flavour: 'caddy', binary: CADDY, why: built.why };
  throw new RefusedError('PD6020', `${built.why}, and Debian's caddy could not be installed either`, {
    hint: 'install cargo (rustup) or caddy',
  });
}

type Built = { readonly ok: true; readonly binary: string } | { readonly ok: false; readonly why: string };

async function buildEdge(progress: (line: string) => void): Promise<Built> {
  const cargo = await run('cargo', ['--version'], {}).catch(() => undefined);
  if (cargo === undefined || cargo.code !== 0) return { ok: false, why: 'cargo is not on this machine' };
  const target = edgeTarget();
  const binary = join(target, 'demo', 'edge');
  progress(
    existsSync(binary)
      ? 'building the reference service (warm)'
      : 'building the reference service; the first time this takes minutes',
  );
  await ensureCmake(progress);
  const args = ['build', '--locked', '--profile', 'demo', '--manifest-path', MANIFEST];
  const done = await run('cargo', args, { env: { CARGO_TARGET_DIR: target }, timeoutMs: BUILD_LIMIT_MS });
  if (done.code === 0 && existsSync(binary)) return { ok: true, binary };
  const words = done.stderr.split('\n').find((l) => l.startsWith('error')) ?? `exit ${done.code}`;
  return { ok: false, why: `cargo could not build the reference service (${words})` };
}

/** zlib-ng, which Pingora uses, is built with cmake. */
async function ensureCmake(progress: (line: string) => void): Promise<void> {
  const present = await run('cmake', ['--version'], {}).catch(() => undefined);
  if (present?.code === 0) return;
  progress('installing Debian packages: cmake gcc g++ make');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-q', 'update'], { env, timeoutMs: 600_000 });
  await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'cmake', 'gcc', 'g++', 'make'], {
    env,
    timeoutMs: 600_000,
  });
}
