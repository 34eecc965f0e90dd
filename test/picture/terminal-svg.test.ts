import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cutAfter, terminalSvg } from './terminal-svg.ts';

const SIZE = { columns: 40, rows: 6 };
const RAW =
  '$ pdeploy status\r\n\u001b[1medge\u001b[22m \u001b[32m✔ 3 < 4 & "ok"\u001b[39m\r\nold line\u001b[1A\r\u001b[2Knew\r\n';

describe('the picture of a terminal', () => {
  it('shows what a person would see, not what was drawn over', async () => {
    const picture = await terminalSvg(RAW, SIZE, 'status');
    expect(picture).toContain('>new</tspan>');
    expect(picture).not.toContain('✔ 3');
    expect(picture).toContain('>old line</tspan>');
  });

  it('keeps colours, weight and places, and escapes what XML reads', async () => {
    const picture = await terminalSvg(
      '\u001b[1medge\u001b[22m \u001b[32m✔ 3 < 4 & "ok"\u001b[39m 監 x\r\n',
      SIZE,
      'a < b',
    );
    expect(picture).toContain('<tspan x="18" textLength="33.6" font-weight="600">edge</tspan>');
    expect(picture).toContain('fill="#56d364">✔ 3 &lt; 4 &amp; &quot;ok&quot;</tspan>');
    expect(picture).toContain('>監 x</tspan>');
    expect(picture).toContain('<title>a &lt; b</title>');
  });

  it('is the same for the same screen, and without the lines of script', async () => {
    const captured = `Script started on 2026-11-22 23:01:04+00:00 [TERM="xterm"]\n${RAW}\nScript done on 2026-11-22 23:01:09+00:00\n`;
    expect(await terminalSvg(captured, SIZE, 't')).toBe(await terminalSvg(`${RAW}\n`, SIZE, 't'));
  });

  it('can be taken under way', () => {
    const frame = (text: string) => `\u001b[?2026h${text}\u001b[?2026l`;
    expect(cutAfter(frame('one') + frame('two') + frame('three'), 'two')).toBe(frame('one') + frame('two'));
    expect(() => cutAfter('one', 'two')).toThrow('does not hold');
  });

  it('is made from the command line', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pdeploy-picture-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'in.raw'), '\u001b[31mred\u001b[0m');
    const script = join(import.meta.dirname, 'terminal-svg.ts');
    execFileSync(process.execPath, [
      script,
      join(dir, 'in.raw'),
      join(dir, 'out.svg'),
      '--cols',
      '20',
      '--rows',
      '3',
    ]);
    expect(readFileSync(join(dir, 'out.svg'), 'utf8')).toContain('fill="#ff7b72">red</tspan>');
  });
});
