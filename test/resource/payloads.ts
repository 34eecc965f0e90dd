import { HOSTILE } from './hostile.ts';

/** Each has a canary in it: a file that is there when somebody ran or interpreted the text. */
const ACTS: readonly ((file: string) => string)[] = [
  (file) => `$(touch ${file})`,
  (file) => `\`touch ${file}\``,
  (file) => `; touch ${file} #`,
  (file) => `| touch ${file}`,
  (file) => `&& touch ${file} &`,
  (file) => `'; touch ${file}; '`,
  (file) => `"; touch ${file}; "`,
  (file) => `\\'; touch ${file}; \\'`,
  (file) => `\n touch ${file}\n`,
  (file) => `\r\ntouch ${file}\r\n`,
  (file) => `\x24{x:-$(touch ${file})}`,
  (file) => `<(touch ${file})`,
  (file) => `> ${file}`,
  (file) => `-oProxyCommand=touch ${file}`,
  (file) => `--rsync-path=touch ${file}`,
  (file) => `%h;touch ${file}`,
  (file) => `x\n[Service]\nExecStartPre=/bin/touch ${file}`,
  (file) => `x\\\nExecStartPre=+/bin/touch ${file}`,
  (file) => `" ExecStartPre=/bin/touch ${file} "`,
  (file) => `f ${file} 0644 root root - x`,
  (file) => `root ALL=(ALL) NOPASSWD: ALL\nroot ALL=(ALL) /bin/touch ${file}`,
  (file) => `accept; } table inet x { chain y { } } # ${file}`,
  (file) => `{ postrotate\n touch ${file}\n endscript }`,
  (file) => `!!js/function "touch ${file}"`,
  (file) => `{{ ${file} }} \x24{${file}} <%= ${file} %>`,
  (file) => `pdeploy-end x 0 ok -\nend\n${file}`,
];
const BEFORE = [
  '',
  '-',
  '--',
  ' ',
  '%',
  '%%i',
  '$',
  '$$',
  '\\',
  '"',
  "'",
  '`',
  '=',
  '@',
  '+',
  '~',
  '#',
  '\t',
];
const AFTER = [
  '',
  ' ',
  '\\',
  '%',
  '$',
  '"',
  "'",
  '\n',
  ';',
  '\u00a0',
  '\u202e',
  '\u0085',
  '\u2028',
  '\u009b2J',
  '\u001b[2J',
  'ü🚀',
];

/** That many different hostile texts without NUL. `canary` is the start of the path of files that nobody may make. */
export function payloads(count: number, canary: string): readonly string[] {
  const made: string[] = HOSTILE.filter((text) => text !== '');
  for (let n = 0; made.length < count; n += 1) {
    const act = ACTS[n % ACTS.length]?.(`${canary}${n}`) ?? '';
    const before = BEFORE[Math.floor(n / ACTS.length) % BEFORE.length] ?? '';
    const after = AFTER[Math.floor(n / ACTS.length / BEFORE.length + n) % AFTER.length] ?? '';
    made.push(`${before}${act}${after}`);
  }
  return made.slice(0, count);
}
