import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConf } from '../../src/pingora/lint/conf-file.ts';
import { lint } from '../../src/pingora/lint/lint.ts';
import { readUnit } from '../../src/pingora/lint/unit-file.ts';

const EDGE = join(import.meta.dirname, '../../examples/edge');
const read = (path: string): string => readFileSync(join(EDGE, path), 'utf8');
const PAGE = read('README.md');
const blocks = (language: string): readonly string[] =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map((m) => m[1] ?? '');

test('the Rust that is shown is that of the sources', () => {
  const shown = blocks('rust').map((block) => /^\/\/ (\S+)\n([\s\S]*)$/.exec(block));
  expect(shown.length).toBeGreaterThanOrEqual(4);
  for (const [, path = '', code = 'no file is named'] of shown.map((match) => match ?? []))
    expect(read(path)).toContain(code);
});

test('so is the release profile, and the sources that are named are there', () => {
  for (const block of blocks('toml')) expect(read('Cargo.toml')).toContain(block);
  const named = [...new Set([...PAGE.matchAll(/`(src\/[\w/.]+)`/g)].map((m) => m[1] ?? ''))];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(EDGE, path)))).toEqual([]);
});

test('the unit by hand and the sample configuration are without findings', () => {
  const conf = readConf(read('config/edge.yaml'), 'edge.yaml');
  const units = blocks('ini').map((text, n) => readUnit(text, `${n}.service`));
  expect([conf.ok, units.length]).toEqual([true, 1]);
  const subject = { version: '0.9.1', units, appKeys: ['app'], drainSeconds: 0 } as const;
  const confs = conf.ok ? [conf.conf] : [];
  expect(lint({ ...subject, confs, activation: 'handover' })).toEqual([]);
});

test('each row of the snippets has what it does and what to write', () => {
  const rows = PAGE.split('| snippet |')[1]?.split('\n\n')[0]?.split('\n').slice(2) ?? [];
  expect(rows.length).toBeGreaterThan(35);
  for (const row of rows.filter((line) => line !== ''))
    expect(
      row
        .replaceAll('\\|', '')
        .split('|')
        .filter((cell) => cell.trim() !== ''),
    ).toHaveLength(3);
});
