import { describe, expect, test } from 'vitest';
import { readConf } from '../../src/pingora/lint/conf-file.ts';
import { describeFindings } from '../../src/pingora/lint/describe.ts';
import { type Finding, toJson, toProblem } from '../../src/pingora/lint/finding.ts';
import { lint, RULES } from '../../src/pingora/lint/lint.ts';
import { readUnit, seconds } from '../../src/pingora/lint/unit-file.ts';
import { CASES, type Case } from './cases.ts';

function findings(
  { confs = [], unit, more }: Case['bad'],
  allow: readonly string[] = [],
): readonly Finding[] {
  const read = confs.map((text, index) => {
    const conf = readConf(text, `${index + 1}.yaml`);
    if (!conf.ok) throw new Error(JSON.stringify(conf.problems));
    return conf.conf;
  });
  return lint(
    {
      version: '0.9.1',
      confs: read,
      units: unit === undefined ? [] : [readUnit(unit, 'edge.service')],
      activation: 'restart',
      appKeys: ['app'],
      drainSeconds: 0,
      ...more,
    },
    allow,
  );
}

const place = ({ spot: { at } }: Finding): string => `${at.file}:${at.line}:${at.col}`;

describe.each(RULES.map((rule) => rule.name))('%s', (name) => {
  const cases = CASES.filter((c) => c.rule === name);
  test('has a case', () => expect(cases.length).toBeGreaterThan(0));
  test.each(cases)('finds what is wrong: $said', ({ bad, said: [severity, where, instead] }) => {
    const found = findings(bad).filter((f) => f.rule === name);
    const one = found.find((f) => place(f) === where && f.instead.includes(instead));
    expect(one?.severity, JSON.stringify(found, null, 1)).toBe(severity);
    expect(one?.why.length).toBeGreaterThan(20);
    expect(findings(bad, [name]).filter((f) => f.rule === name)).toEqual([]);
  });
  test.each(cases)('and nothing else: $good', ({ good }) => {
    expect(findings(good).filter((f) => f.rule === name)).toEqual([]);
  });
});

test('codes and names are there once', () => {
  expect(new Set(RULES.map((r) => r.code)).size).toBe(RULES.length);
  expect(new Set(RULES.map((r) => r.name)).size).toBe(RULES.length);
});

test('a sound service gets no finding at all', () => {
  const conf =
    'version: 1\nthreads: 2\ngrace_period_seconds: 30\ngraceful_shutdown_timeout_seconds: 5\nupgrade_sock: /run/edge/1/upgrade.sock\napp:\n  listen: { http: "0.0.0.0:8080" }\n';
  const unit =
    '[Service]\nType=notify\nExecStart=/opt/edge -c %i.yaml\nRestart=on-failure\nTimeoutStopSec=50\n';
  expect(findings({ confs: [conf], unit, more: { activation: 'handover' } })).toEqual([]);
});

test('the findings of a file come in the order of its lines', () => {
  const found = findings({
    confs: ['threads: 0\nserver:\n  daemon: true\nupgrade_sock: /tmp/x\nthread: 1\n'],
    unit: '[Service]\nRestart=always\n',
  });
  expect(found.map((f) => `${place(f)} ${f.rule}`)).toEqual([
    '1.yaml:1:1 no-grace',
    '1.yaml:1:1 no-grace',
    '1.yaml:1:10 zero-threads',
    '1.yaml:3:3 misplaced-key',
    '1.yaml:4:15 public-directory',
    '1.yaml:5:1 unknown-key',
    'edge.service:2:1 stop-timeout',
    'edge.service:2:1 restart-always',
  ]);
});

test('a finding says what to write, to people and to programs', () => {
  const [found] = findings({ confs: ['thread: 1\n'] }, ['no-grace', 'public-directory']);
  expect(found && toProblem(found)).toEqual({
    code: 'PD2601',
    message: 'Pingora has no key "thread" and passes over it in silence',
    at: { file: '1.yaml', line: 1, col: 1 },
    excerpt: '    1 | thread: 1\n      | ^^^^^^',
    hint: 'write threads',
    path: 'thread',
  });
  expect(found && toJson(found)).toMatchObject({
    rule: 'unknown-key',
    line: 1,
    col: 1,
    instead: 'write threads',
  });
});

test.each([
  ['threads: [1', 'PD2006'],
  ['threads: 1\nthreads: 2\n', 'PD2009'],
  ['- a\n', 'PD2600'],
  ['', 'PD2600'],
])('a text that is no configuration is refused: %j', (text, code) => {
  const read = readConf(text, 'a.yaml');
  expect(read.ok ? [] : read.problems.map((p) => p.code)).toContain(code);
});

test.each([
  ['90', 90],
  ['5min 10s', 310],
  ['1h30m', 5400],
  ['500ms', 0.5],
  ['infinity', undefined],
  ['a while', undefined],
  ['10 s later', undefined],
])('a time in a unit: %s', (text, expected) => expect(seconds(text)).toBe(expected));

test('a unit is read as systemd does: comments, continued lines, sections', () => {
  const { lines } = readUnit(
    '; no\n[Unit]\nRestart=always\n[Service]\nExecStart=/bin/x \\\n  -d=1\n  Restart = no \n#\nTimeoutStopSec=1\n',
    'u',
  );
  expect(lines.map(({ section, key, value }) => `${section} ${key}=${value}`)).toEqual([
    'Unit Restart=always',
    'Service ExecStart=/bin/x',
    'Service Restart=no',
    'Service TimeoutStopSec=1',
  ]);
});

test('findings are told with their line, and counted', () => {
  const found = findings({ confs: ['thread: 1\ngrace_period_seconds: 5\n'] }, ['public-directory']);
  expect(describeFindings(found, '1 file')).toBe(`1.yaml:1:1 error unknown-key (PD2601)
    1 | thread: 1
      | ^^^^^^
  Pingora has no key "thread" and passes over it in silence
  write threads

1.yaml:1:1 warning no-grace (PD2606)
    1 | thread: 1
      | ^^^^^^
  graceful_shutdown_timeout_seconds is not set: up to 5 s come on top of it, twice
  write graceful_shutdown_timeout_seconds: with a small number

1 error and 1 warning in 1 file.
`);
  expect(describeFindings([], '2 files')).toBe('2 files checked, nothing found.\n');
});
