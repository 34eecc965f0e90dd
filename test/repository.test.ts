import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n');
const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');

type Locked = { readonly dev?: boolean; readonly hasInstallScript?: boolean };
const locked = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: { [path: string]: Locked } }).packages,
).filter(([path]) => path !== '');

test('the production tree has at most 68 packages', () => {
  const production = locked.filter(([, p]) => p.dev !== true).map(([path]) => path);
  expect(production.length).toBeGreaterThan(30);
  expect(production.length).toBeLessThanOrEqual(68);
});

test('only the optional native parts of ssh2 have an install script, and npm is told to run none', () => {
  const scripted = locked.filter(([, p]) => p.hasInstallScript === true).map(([path]) => path);
  expect(scripted.filter((path) => !/\/(ssh2|cpu-features|fsevents)$/.test(path))).toEqual([]);
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "http/);
});

test('no source file is longer than 400 lines', () => {
  const sources = files.filter(
    (f) => /\.(ts|sh|rs|mjs|js)$/.test(f) && /^(src|bin|playbooks|test|examples)\//.test(f),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((f) => read(f).split('\n').length > 401)).toEqual([]);
});

test('the top level is what it should be', () => {
  const folders = new Set(files.filter((f) => f.includes('/')).map((f) => f.split('/')[0]));
  const known = ['.ci', 'bin', 'docs', 'examples', 'inventories', 'playbooks', 'src', 'test'];
  expect([...folders].filter((f) => !known.includes(f ?? ''))).toEqual([]);
});

test('no link in a document leads nowhere', () => {
  const there = new Set(files);
  const dead: string[] = [];
  for (const file of files.filter((f) => f.endsWith('.md'))) {
    for (const [, target] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue;
      const path = new URL(target, new URL(file, ROOT)).pathname.slice(ROOT.pathname.length);
      if (!there.has(path) && !files.some((f) => f.startsWith(`${path.replace(/\/$/, '')}/`)))
        dead.push(`${file}: ${target}`);
    }
  }
  expect(dead).toEqual([]);
});
