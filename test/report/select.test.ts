import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createReporter, type ReporterOptions } from '../../src/report/select.ts';
import { detectStyle } from '../../src/report/style.ts';
import { planOf } from '../arbitraries/plan.ts';
import { Screen } from './screen.ts';
import { Story } from './story.ts';

const UTF8 = { LANG: 'C.UTF-8', TERM: 'xterm-256color' };

async function show({
  sized = true,
  ...over
}: Partial<ReporterOptions> & { terminal: boolean; sized?: boolean }) {
  const screen = new Screen(100, 24);
  if (!sized) Object.assign(screen.stream, { columns: 0, rows: 0 });
  let [stdout, piped] = ['', ''];
  const pipe = { write: (text: string) => (piped += text) };
  const reporter = await createReporter({
    output: 'text',
    stdout: { write: (text) => (stdout += text) },
    stderr: over.terminal ? screen.stream : pipe,
    env: UTF8,
    keys: false,
    ...over,
  });
  const story = new Story(planOf(2)).start().prepare().wave(1).finish('succeeded');
  for (const event of story.events) reporter.event(event);
  await reporter.end();
  await screen.lines();
  return { stdout, stderr: over.terminal ? screen.raw : piped, count: story.events.length };
}

describe('the choice of a reporter', () => {
  it('is the live picture on a terminal', async () => {
    const { stdout, stderr } = await show({ terminal: true });
    expect(stdout).toBe('');
    expect(stderr).toContain('✔');
    expect(stderr).toContain('\u001b[?25l');
  });

  it.each([
    ['a pipe', { terminal: false, env: UTF8 }],
    ['a dumb terminal', { terminal: true, env: { ...UTF8, TERM: 'dumb' } }],
    ['a build server', { terminal: true, env: { ...UTF8, CI: 'true' } }],
  ])('is lines without an escape on %s', async (_name, over) => {
    const { stdout, stderr } = await show(over);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^\S+ fleet +started/);
    if (!('CI' in over.env)) expect(stderr).not.toContain('\u001b');
  });

  it('is lines, and nothing is drawn, on a terminal without a size', async () => {
    const { stdout, stderr } = await show({ terminal: true, env: UTF8, sized: false });
    expect(stdout).toBe('');
    expect(stripVTControlCharacters(stderr)).toMatch(/^\S+ fleet +started/);
    expect(stderr).not.toContain('\u001b[?');
  });

  it('is data on standard output when asked for, and nothing beside it', async () => {
    const { stdout, stderr, count } = await show({ terminal: true, output: 'jsonl' });
    expect(stderr).toBe('');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });

  it('is silence when asked for', async () => {
    expect(await show({ terminal: false, quiet: true })).toMatchObject({ stdout: '', stderr: '' });
  });
});

describe('what the terminal can show', () => {
  const tty = { isTTY: true, columns: 97 };
  it.each([
    [tty, UTF8, { unicode: true, color: true, columns: 97 }],
    [tty, { ...UTF8, NO_COLOR: '1' }, { unicode: true, color: false, columns: 97 }],
    [tty, { ...UTF8, NO_COLOR: '' }, { unicode: true, color: true, columns: 97 }],
    [tty, { ...UTF8, TERM: 'dumb' }, { unicode: true, color: false, columns: 97 }],
    [tty, { ...UTF8, LC_ALL: 'C' }, { unicode: false, color: true, columns: 97 }],
    [tty, { LANG: 'en_GB.ISO-8859-15', TERM: 'xterm' }, { unicode: false, color: true, columns: 97 }],
    [tty, { ...UTF8, TERM: 'linux' }, { unicode: false, color: true, columns: 97 }],
    [{}, UTF8, { unicode: true, color: false, columns: 110 }],
    [{}, { ...UTF8, FORCE_COLOR: '1' }, { unicode: true, color: true, columns: 110 }],
    [tty, { ...UTF8, FORCE_COLOR: '0' }, { unicode: true, color: false, columns: 97 }],
  ])('%j with %j', (stream, env, style) => {
    expect(detectStyle(stream, env)).toEqual(style);
  });
});
