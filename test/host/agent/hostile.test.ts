import { readdirSync } from 'node:fs';

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';

import { localAgent, SHELLS } from './local-agent.ts';

const DIGEST = 'a'.repeat(64);
const CANARY = 'pwned';

/** No field of any verb may let one of these through as it is. */
const HOSTILE = [
  '',
  ' ',
  `$(touch ${CANARY})`,
  `\`touch ${CANARY}\``,
  `;touch ${CANARY}`,
  `a;touch ${CANARY}`,
  `a\ttouch ${CANARY}`,
  `|touch ${CANARY}`,
  `&touch ${CANARY}`,
  '../../etc',
  'a/../b',
  '-rf',
  '--help',
  '*',
  '?',
  '[a-z]',
  '~root',
  "'",
  '"',
  '\\',
  '%i',
  '$HOME',
  '$' + '{IFS}',
  'é',
  '\u0000',
  '\r',
  'x'.repeat(70_000),
];

const GOOD: Readonly<Record<string, string>> = {
  service: 'svc',
  instance: '1',
  epoch: '1',
  deployment: 'd1',
  from: '-',
  to: DIGEST,
  digest: DIGEST,
  proven: DIGEST,
  keep: DIGEST,
  binary: 'app',
  guard: '5',
  stop: '5',
  stream: '0',
  interval: '100',
  size: '1',
  files: '1',
  reserve: '1',
  ttl: '5',
  seen: '1',
  action: 'acquire',
  holder: 'eA==',
  reason: '-',
  manual: '0',
  downgrade: '0',
  handover: '/run/svc/1/upgrade.sock',
  memory: '0',
  cold: '0',
  enabled: '1',
  listen: '80',
  payload: 'none',
  verb: 'observe',
  query: '0 path /etc/hosts',
  probe: '0 http 80 / - 1000',
  do: '1 remove /etc/x',
  test: 'eA==',
};

/** Lines with several values: the part in <> is replaced. */
const PARTS = [
  'query <0> path /etc/hosts',
  'query 0 <path> /etc/hosts',
  'query 0 path </etc/hosts>',
  'query 0 text </etc/hosts>',
  'query 0 user <root>',
  'query 0 exec <eA==>',
  'probe <0> http 80 / - 1000',
  'probe 0 <http> 80 / - 1000',
  'probe 0 http <80> / - 1000',
  'probe 0 http 80 </> - 1000',
  'probe 0 http 80 / <example.org> 1000',
  'probe 0 http 80 / - <1000>',
  'probe 0 tcp <80> 1000',
  'probe 0 tcp 80 <1000>',
  'probe 0 exec <1000> eA==',
  'probe 0 exec 1000 <eA==>',
  'do <1> remove /etc/x',
  'do 1 <remove> /etc/x',
  'do 1 remove </etc/x>',
  'do 1 file </etc/x> root root 0644',
  'do 1 file /etc/x <root> root 0644',
  'do 1 file /etc/x root <root> 0644',
  'do 1 file /etc/x root root <0644>',
  'do 1 directory </etc/x> root root 0755',
  'do 1 user <app> /home /bin/sh -',
  'do 1 user app </home> /bin/sh -',
  'do 1 user app /home </bin/sh> -',
  'do 1 user app /home /bin/sh <eA==>',
  'do 1 command <eA==>',
  'test <eA==>',
];

/** The path of a URL may have any printable ASCII in it; it is never part of a shell's text. */
function isAllowed(line: string, text: string): boolean {
  return line.includes(' </> ') && /^probe 0 http 80 \/[!-~]* - 1000$/.test(text);
}

describe.each(SHELLS)('%s', (_name, argv) => {
  const agent = localAgent(argv);
  afterAll(() => agent.end());

  test.each([...Object.entries(GOOD).map(([key, value]) => `${key} <${value}>`), ...PARTS])(
    '%s refuses hostile values',
    (line) => {
      const whole = line.replace(/[<>]/g, '');
      const bad = HOSTILE.map((value) => line.replace(/<.*>/, () => value));
      const wrong = bad.filter((text) => !isAllowed(line, text));
      // One process for all. A refusal ends its subshell, here without the cost of a trailer.
      const shown = agent.eval(
        'die() { exit 1; }; while IFS= read -r line; do (read_line "$line") >/dev/null && echo "passed $line"; done; echo end',
        `${wrong.map((text) => text.replaceAll('\n', ' ')).join('\n')}\n${whole}\n`,
      );
      expect(shown.stdout.replace(/x{99,}/g, 'xx')).toBe(`passed ${whole}\nend\n`);
      expect(readdirSync(agent.root)).not.toContain(CANARY);
      expect(readdirSync('.')).not.toContain(CANARY);
    },
  );

  test('a newline in a value is a new line, and that is refused', () => {
    expect(agent.header('observe', ['service svc', 'instance 1\nrm -rf'])).toMatchObject({
      code: 'bad-request',
    });
  });

  test('good values make a request', () => {
    const lines = Object.entries(GOOD).map(([key, value]) => `${key} ${value}`);
    const reply = agent.header('nothing', [
      ...lines.filter((line) => !line.startsWith('verb')),
      'verb nothing',
    ]);
    expect(reply).toMatchObject({ kind: 'error', code: 'bad-request', message: 'verb' });
    expect(agent.header('observe', ['service svc', 'instance 1'])).toMatchObject({ kind: 'ok' });
  });

  test.each([
    'releases',
    'undo',
    'lease',
    'epoch',
    'anchors',
    'last_good',
    'signed_releases',
    'version_mark',
    '.lock',
    '..',
    '.',
  ])('an instance cannot be called %s', (name) => {
    expect(agent.header('observe', ['service svc', `instance ${name}`])).toMatchObject({
      code: 'bad-request',
    });
  });

  test('operation ids are checked before they are echoed', () => {
    for (const value of HOSTILE) {
      const text = `pdeploy 1 x\nop ${value}\nverb observe\nend\n`;
      expect(agent.raw(text).stdout).toMatch(/^pdeploy-end - 1 bad-request \S+\n$/);
    }
  });

  test('another version, a cut request, and nothing at all', () => {
    expect(agent.raw('pdeploy 1 0000\nop a-1\nverb lease\n').stdout).toMatch(
      /^pdeploy-end a-1 1 agent-mismatch \S+\n$/,
    );
    expect(agent.raw('').stdout).toMatch(/^pdeploy-end - 1 bad-request \S+\n$/);
    const sha = /^AGENT=(.*)$/m.exec(agent.read('agent.sh'))?.[1];
    expect(agent.raw(`pdeploy 1 ${sha}\nop a-1\nverb observe\nservice svc\n`).stdout).toMatch(
      /^pdeploy-end a-1 1 bad-request \S+\n$/,
    );
  });

  test('tokens keep every byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        fc.pre(!text.includes('\0'));
        const encoded = text === '' ? '-' : Buffer.from(text).toString('base64');
        const shown = agent.eval(`untoken "${encoded}"; printf %s "$text" | base64 -w0`).stdout;
        expect(Buffer.from(shown, 'base64').toString()).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 25 },
    );
  });

  test('milliseconds become seconds without a process', () => {
    const shown = agent.eval('for ms in 0 7 30 999 1000 1001 60250; do seconds $ms; echo $secs; done').stdout;
    expect(shown.trim().split('\n')).toEqual([
      '0.000',
      '0.007',
      '0.030',
      '0.999',
      '1.000',
      '1.001',
      '60.250',
    ]);
  });
});
