import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { finish } from '../../src/host/assemble.ts';
import { commandLine } from '../../src/host/commands.ts';
import { SHELLS } from './agent/local-agent.ts';

test('the agent is called without arguments, unless the login is root or may be', () => {
  expect(commandLine('agent', true)).toBe('sudo -n /usr/local/libexec/pdeploy-agent');
  expect(commandLine('agent', false)).toBe('/usr/local/libexec/pdeploy-agent root');
  expect(commandLine('agent', true, true)).toBe('sudo -n /usr/local/libexec/pdeploy-agent root');
});

test('both commands are one line without what a login shell could expand', () => {
  const install = commandLine('install-agent', true);
  expect(install).toMatch(/^sudo -n \/bin\/sh -c '[^'\n!]*'$/);
});

describe.each(SHELLS)('install-agent under %s', (_name, argv) => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pdeploy-install-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const run = (input: string) => {
    const text = commandLine('install-agent', false).replaceAll('/usr/local/libexec', root);
    const script = /'(.*)'$/.exec(text)?.[1] ?? '';
    const [shell = 'sh', ...args] = argv;
    return spawnSync(shell, [...args, '-c', script], { input, encoding: 'utf8' });
  };
  const agent = finish('echo "$AGENT called with $*"\nln -s x "$(dirname "$0")/made"\n');

  test('a whole script is put in place under its digest and called', () => {
    const ran = run(agent.text);
    expect([ran.status, ran.stdout]).toEqual([0, `${agent.sha256} called with install\n`]);
    expect(readdirSync(join(root, 'pdeploy')).sort()).toEqual([`agent-${agent.sha256}`, 'made']);
    expect(readlinkSync(join(root, 'pdeploy/made'))).toBe('x');
  });

  test.each([
    ['one byte short', agent.text.slice(0, -1)],
    ['half', agent.text.slice(0, agent.text.length / 2)],
    ['one byte changed', agent.text.replace('called', 'callex')],
    ['empty', ''],
    ['without its digest', agent.text.replace(/^AGENT=.*\n/m, '')],
    ['with a digest that is text', agent.text.replace(/^AGENT=.*$/m, 'AGENT=$(touch x)')],
  ])('%s: refused, and nothing is left', (_case, text) => {
    const ran = run(text);
    expect(ran.status).toBe(65);
    expect(ran.stdout).toBe('');
    expect(existsSync(join(root, 'pdeploy')) ? readdirSync(join(root, 'pdeploy')) : []).toEqual([]);
  });
});
