import { spawnSync } from 'node:child_process';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/config/load.ts';
import { renderProblems } from '../../src/config/problems.ts';
import { hostOf } from './around.ts';
import { folderWith } from './temp.ts';

async function messageOf(file: string): Promise<string> {
  const result = await loadInventory(file);
  return result.ok ? 'nothing wrong' : renderProblems(result.problems);
}

describe('loadInventory', () => {
  test('reads a file; paths and names come from where it lies and who runs', async () => {
    await using dir = await folderWith({
      'inventories/x.yaml': 'defaults: { identity: [keys/a, ~/b] }\nhosts: { h: {} }',
    });
    const file = join(dir.path, 'inventories/x.yaml');
    const result = await loadInventory(file, { extraVars: new Map([['v', 1]]) });
    if (!result.ok) throw new Error('refused');
    expect([result.inventory.name, result.inventory.file]).toEqual(['x', 'inventories/x.yaml']);
    const { connection, vars } = hostOf(result.inventory, 'h');
    expect(connection.identities).toEqual([join(dir.path, 'inventories/keys/a'), join(homedir(), 'b')]);
    expect(connection.user).toBe(userInfo().username);
    expect(vars.get('v')).toBe(1);
  });

  test('a byte order mark and Windows line ends change nothing', async () => {
    await using dir = await folderWith({ 'inventories/x.yaml': '\ufeffhosts:\r\n  h:\r\n    prot: 1\r\n' });
    expect(
      await messageOf(join(dir.path, 'inventories/x.yaml')),
    ).toBe(`error PD2014: unknown key "prot" in a host
  inventories/x.yaml:3:5  hosts.h.prot
    3 |     prot: 1
      |     ^^^^ did you mean "port"?
1 problem. Nothing was contacted.
`);
  });

  test('what is not a readable text file is a problem, not an exception', async () => {
    await using dir = await folderWith({ 'inventories/big.yaml': `#${'x'.repeat(1024 * 1024)}` });
    const at = (name: string) => join(dir.path, 'inventories', name);
    await writeFile(at('latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
    await symlink('loop.yaml', at('loop.yaml'));
    expect(await messageOf(at('none.yaml'))).toContain(
      'PD2001: inventories/none.yaml cannot be read: there is no such file',
    );
    expect(await messageOf(at('.'))).toMatch(/PD2001: .* is not a file/);
    expect(await messageOf(at('loop.yaml'))).toContain('PD2001');
    expect(await messageOf('/dev/zero')).toContain('PD2001: /dev/zero is not a file');
    expect(await messageOf(at('latin.yaml'))).toContain('PD2003: inventories/latin.yaml is not UTF-8 text');
    expect(await messageOf(at('big.yaml'))).toContain('PD2002: inventories/big.yaml is larger than 1 MiB');
  });

  test('a pipe without a writer does not hang', async () => {
    await using dir = await folderWith({});
    const pipe = join(dir.path, 'pipe.yaml');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(await messageOf(pipe)).toMatch(/PD2001: .*pipe\.yaml is not a file/);
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission', async () => {
    await using dir = await folderWith({ 'x.yaml': '' });
    await chmod(join(dir.path, 'x.yaml'), 0);
    expect(await messageOf(join(dir.path, 'x.yaml'))).toContain('permission denied');
  });
});

describe('start-up', () => {
  test('the modules that commands import do not load the parsers', () => {
    const files = [
      'load',
      'project',
      'problems',
      'settings',
      'extra-vars',
      'selector/select',
      'excerpt',
      'did-you-mean',
    ];
    const script = `
      const { registerHooks } = await import('node:module');
      const seen = [];
      registerHooks({ resolve(name, context, next) { seen.push(name); return next(name, context); } });
      for (const file of ${JSON.stringify(files)}) await import(new URL(file + '.ts', ${JSON.stringify(new URL('../../src/config/', import.meta.url).href)}));
      console.log(seen.length > 10, seen.filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !name.startsWith('file:')).join());`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('true \n');
  });
});
