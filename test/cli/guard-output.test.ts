import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

/** Runs code in a process whose streams are guarded; it has one secret, `hunter2-hunter2`. */
function run(code: string) {
  const source = `import { guardOutput } from ${at('cli/guard-output.ts')};
import { Secret } from ${at('util/secret.ts')};
guardOutput();
const key = new Secret('key', 'hunter2-hunter2');
${code}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 20_000,
  });
}

test('what a program writes to its streams, whole or in pieces, as text or as bytes', () => {
  const ran = run(`
    console.log('a', key.reveal(), key);
    process.stderr.write('x hunter2-');
    process.stderr.write(Buffer.from('hunter2 y\\n'));
    process.stdout.write('é ' + Buffer.from('..hunter2-hunter2').toString('base64') + '\\n');
    process.stdout.write(Buffer.from([0xc3]));
    process.stdout.write(Buffer.from([0xa9, 0x0a]), () => process.stdout.write('the end is hunt'));
  `);
  expect(ran.stdout).toMatch(/^a <secret key> <secret key>\né Li.?<secret key>.{0,2}\né\nthe end is hunt$/);
  expect(ran.stderr).toBe('x <secret key> y\n');
  expect(ran.status).toBe(0);
});

test.each([
  ['thrown', 'setTimeout(() => { throw new Error("no " + key.reveal()); }, 1);'],
  ['rejected', 'setTimeout(() => { Promise.reject(new Error("no " + key.reveal())); }, 1);'],
])('an error that nobody expects, %s', (_how, code) => {
  const ran = run(code);
  expect(ran.stderr).toContain('PD1000: internal error: no <secret key>');
  expect(ran.stderr + ran.stdout).not.toContain('hunter2');
  expect(ran.status).toBe(1);
});
