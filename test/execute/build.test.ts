import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BuildRequest, buildBinary } from '../../src/execute/build/build.ts';
import { reproducible } from '../../src/execute/build/cargo.ts';
import { buildMetadata, recordFile } from '../../src/execute/build/record.ts';

const PATH = [process.env.PATH ?? '', join(homedir(), '.cargo/bin')].join(delimiter);
const hasCargo = spawnSync('cargo', ['--version'], { env: { ...process.env, PATH } }).status === 0;
const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));

const root = realpathSync(mkdtempSync(join(tmpdir(), 'pdeploy-build-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A program without dependencies whose binary would tell where it was built, by its line tables and by a panic. */
const CRATE = {
  'Cargo.toml':
    '[package]\nname = "tiny"\nversion = "1.2.3"\nedition = "2021"\n[profile.release]\ndebug = "line-tables-only"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "tiny"\nversion = "1.2.3"\n',
  'src/main.rs':
    'fn main() { let n = std::env::args().count(); assert!(n < 9, "{}", file!()); println!("{n}"); }\n',
  '.gitignore': 'target/\n',
};

function git(cwd: string, ...args: readonly string[]): string {
  const own = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...own, ...args], { cwd, encoding: 'utf8' }).trim();
}

function crate(name: string, files: { readonly [path: string]: string } = CRATE): string {
  const dir = join(root, name);
  mkdirSync(join(dir, 'src'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  return dir;
}

const request = (dir: string, over: Partial<BuildRequest> = {}): BuildRequest => ({
  manifest: join(dir, 'Cargo.toml'),
  profile: 'release',
  allowDirty: false,
  folder: join(dir, 'build'),
  ...over,
});

const refusal = async (job: Promise<unknown>): Promise<string> => {
  try {
    await job;
  } catch (error) {
    const { code, exitCode, message } = error as { code: string; exitCode: number; message: string };
    return `${code} ${exitCode} ${message}`;
  }
  return 'built';
};

test('the paths of this machine are mapped, and the flags of the user stay', () => {
  const bin = { workspace: '/src/edge', targetFolder: '/big/target' };
  const ours = reproducible(bin, '17', { HOME: '/home/me', CFLAGS: '-O1' });
  expect(ours.args).toEqual([
    '--config',
    'build.rustflags=["--remap-path-prefix=/home/me/.rustup=/rustup","--remap-path-prefix=/home/me/.cargo=/cargo","--remap-path-prefix=/src/edge=/build","--remap-path-prefix=/big/target=/build/target"]',
  ]);
  expect(ours.env).toMatchObject({ CARGO_INCREMENTAL: '0', SOURCE_DATE_EPOCH: '17' });
  expect(ours.env.CFLAGS).toMatch(/^-O1 -ffile-prefix-map=/);
  const theirs = reproducible(bin, '17', { HOME: '/home/me', RUSTFLAGS: '--cfg  tokio_unstable' });
  expect(theirs.args).toEqual([]);
  expect(String(theirs.env.CARGO_ENCODED_RUSTFLAGS).split('\x1f').slice(0, 3)).toEqual([
    '--cfg',
    'tokio_unstable',
    '--remap-path-prefix=/home/me/.rustup=/rustup',
  ]);
  expect(reproducible({ ...bin, workspace: '/my src' }, '17', { HOME: '/h' }).env).not.toHaveProperty(
    'CFLAGS',
  );
});

test('a record of another binary says nothing of this one, nor does one that is damaged', () => {
  const file = join(root, 'some');
  writeFileSync(recordFile(file), '{');
  expect(buildMetadata(file, 'a')).toEqual({});
  const words = { rustc: '1.95.0', lock: 'l', target: 't', profile: 'release', package: 'some 1' };
  writeFileSync(
    recordFile(file),
    JSON.stringify({ version: 1, sha256: 'a', commit: 'c', dirty: true, ...words }),
  );
  expect(buildMetadata(file, 'b')).toEqual({});
  expect(buildMetadata(file, 'a')).toMatchObject({
    'build.commit': 'c with changes',
    'build.rustc': '1.95.0',
  });
  expect(buildMetadata(join(root, 'none'), 'a')).toEqual({});
});

describe.skipIf(!hasCargo)('with cargo', () => {
  beforeAll(() => {
    vi.stubEnv('PATH', PATH);
    const first = crate('first');
    git(first, 'init', '-q');
    git(first, 'add', '.');
    git(first, 'commit', '-qm', 'first');
    git(root, 'clone', '-q', 'first', 'a longer name of the second');
  });

  test('the same commit gives the same bytes in another folder, and says how it came to be', {
    timeout: 120_000,
  }, async () => {
    vi.stubEnv('PATH', PATH);
    const first = join(root, 'first');
    const one = await buildBinary(request(first));
    expect(one.record).toMatchObject({
      version: 1,
      bin: 'tiny',
      package: 'tiny 1.2.3',
      profile: 'release',
      commit: git(first, 'rev-parse', 'HEAD'),
      dirty: false,
      lock: expect.stringMatching(/^[0-9a-f]{64}$/),
      rustc: expect.stringMatching(/^1\.\d+/),
    });
    expect(JSON.parse(readFileSync(recordFile(one.file), 'utf8'))).toEqual(one.record);
    expect(execFileSync(one.file, { encoding: 'utf8' })).toBe('1\n');
    expect(one.traces).toEqual([]);
    // What it wrote itself does not make the tree dirty.
    const again = await buildBinary(request(first));
    expect(again.record).toEqual(one.record);
    const two = await buildBinary(request(join(root, 'a longer name of the second')));
    expect(two.record).toEqual(one.record);
    expect(readFileSync(two.file).equals(readFileSync(one.file))).toBe(true);
  });

  test('what is not committed is refused, unless it is said', { timeout: 120_000 }, async () => {
    vi.stubEnv('PATH', PATH);
    const dir = crate('dirty');
    expect(await refusal(buildBinary(request(dir)))).toContain('PD2703 3');
    git(dir, 'init', '-q');
    expect(await refusal(buildBinary(request(dir)))).toContain('has no commit yet');
    git(dir, 'add', '.');
    git(dir, 'commit', '-qm', 'first');
    writeFileSync(join(dir, 'notes'), '');
    expect(await refusal(buildBinary(request(dir)))).toBe(`PD2703 3 notes in ${dir} is not committed`);
    expect(existsSync(join(dir, 'build'))).toBe(false);
    const built = await buildBinary(request(dir, { allowDirty: true }));
    expect(built.record.dirty).toBe(true);
    expect(buildMetadata(built.file, built.record.sha256)['build.commit']).toMatch(
      /^[0-9a-f]{40} with changes$/,
    );
  });

  test('what cannot be built is refused with a reason', { timeout: 120_000 }, async () => {
    vi.stubEnv('PATH', PATH);
    const wrong = (
      name: string,
      files: { readonly [path: string]: string },
      over: Partial<BuildRequest> = {},
    ) => refusal(buildBinary(request(crate(name, files), { allowDirty: true, ...over })));
    expect(await wrong('none', {})).toMatch(/^PD2701 2 there is no /);
    expect(await wrong('bad', { 'Cargo.toml': 'x' })).toMatch(/^PD2701 2 cargo cannot read /);
    expect(await wrong('lib', { 'Cargo.toml': CRATE['Cargo.toml'], 'src/lib.rs': '' })).toContain(
      'only libraries',
    );
    expect(await wrong('other', CRATE, { bin: 'huge' })).toContain('has no program "huge"');
    const { 'Cargo.lock': _, ...unlocked } = CRATE;
    expect(await wrong('unlocked', unlocked)).toMatch(/Cargo\.lock$/);
    vi.stubEnv('PATH', '/nowhere');
    expect(await wrong('nobody', CRATE)).toMatch(/^PD2702 3 cargo could not be started/);
  });

  test('the command says what it built, and ends with 3 for code that does not compile', {
    timeout: 120_000,
  }, () => {
    const run = (dir: string, ...args: readonly string[]) =>
      spawnSync(process.execPath, [PDEPLOY, 'build', ...args], {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, PATH },
      });
    const good = run(join(root, 'first'));
    expect([good.status, good.stdout]).toEqual([
      0,
      expect.stringMatching(/^build\/tiny, .* MB\n {2}package {2}tiny 1\.2\.3/),
    ]);
    const bad = run(crate('broken', { ...CRATE, 'src/main.rs': 'fn main( {}\n' }), '--allow-dirty');
    expect([bad.status, bad.stdout]).toEqual([3, '']);
    expect(bad.stderr).toContain('error PD2704');
    expect(existsSync(join(root, 'broken/build'))).toBe(false);
  });
});
