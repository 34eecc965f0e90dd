import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { displayPath, projectDir, resolveInventoryPath } from '../../src/config/project.ts';
import { UsageError } from '../../src/errors.ts';
import { folderWith } from './temp.ts';

async function refusal(name: string, cwd: string): Promise<unknown> {
  const error: unknown = await resolveInventoryPath(name, cwd).catch((thrown: unknown) => thrown);
  return error instanceof UsageError ? error.problems : error;
}

describe('resolveInventoryPath', () => {
  test('a name is looked for in inventories/ from here upwards', async () => {
    await using dir = await folderWith({
      'inventories/prod.yaml': '',
      'inventories/lab.yml': '',
      'a/b/c.txt': '',
    });
    const deep = join(dir.path, 'a/b');
    expect(await resolveInventoryPath('prod', deep)).toBe(join(dir.path, 'inventories/prod.yaml'));
    expect(await resolveInventoryPath('lab', dir.path)).toBe(join(dir.path, 'inventories/lab.yml'));
  });

  test('the nearest one wins', async () => {
    await using dir = await folderWith({ 'inventories/prod.yaml': '', 'team/inventories/prod.yaml': '' });
    expect(await resolveInventoryPath('prod', join(dir.path, 'team'))).toBe(
      join(dir.path, 'team/inventories/prod.yaml'),
    );
  });

  test('a path stays a path', async () => {
    await using dir = await folderWith({ 'other/x.yaml': '', 'y.yml': '' });
    expect(await resolveInventoryPath('other/x.yaml', dir.path)).toBe(join(dir.path, 'other/x.yaml'));
    expect(await resolveInventoryPath('y.yml', dir.path)).toBe(join(dir.path, 'y.yml'));
    expect(await resolveInventoryPath(join(dir.path, 'y.yml'), '/')).toBe(join(dir.path, 'y.yml'));
  });

  test('a wrong name lists what there is and says what was meant', async () => {
    await using dir = await folderWith({ 'inventories/prod.yaml': '', 'inventories/staging.yaml': '' });
    expect(await refusal('prdo', dir.path)).toEqual([
      {
        code: 'PD2060',
        message: 'no inventory is called "prdo"',
        hint: 'did you mean "prod"? available: prod, staging',
      },
    ]);
    expect(await refusal('inventories/stagging.yaml', dir.path)).toEqual([
      {
        code: 'PD2060',
        message: 'there is no file "inventories/stagging.yaml"',
        hint: 'did you mean "inventories/staging.yaml"? available: inventories/prod.yaml, inventories/staging.yaml',
      },
    ]);
  });

  test('without any inventory it says how to make one', async () => {
    await using dir = await folderWith({ 'a.txt': '' });
    expect(await refusal('prod', dir.path)).toMatchObject([
      { code: 'PD2060', hint: 'make one: inventories/prod.yaml' },
    ]);
  });

  test('prod.yaml beside prod.yml is refused: which one is meant?', async () => {
    await using dir = await folderWith({ 'inventories/prod.yaml': '', 'inventories/prod.yml': '' });
    expect(await refusal('prod', dir.path)).toMatchObject([
      { code: 'PD2061', message: 'inventories/prod.yaml and inventories/prod.yml have the same name' },
    ]);
  });

  test('a folder is not an inventory', async () => {
    await using dir = await folderWith({ 'inventories/a.yaml/b': '' });
    expect(await refusal('inventories/a.yaml', dir.path)).toMatchObject([{ code: 'PD2060' }]);
  });
});

describe('projectDir', () => {
  test.each([
    { 'inventories/x.yaml': '' },
    { 'playbooks/x.ts': '' },
    { '.pdeploy/x': '' },
    { 'pdeploy.yaml': '' },
    { 'package.json': '{"name": "pdeploy"}' },
    { 'package.json': '{"devDependencies": {"pdeploy": "*"}}' },
    { 'package.json': '{"dependencies": {"pdeploy": "*"}}' },
  ])('%j makes a project of a folder and all below it', async (files) => {
    await using dir = await folderWith(files);
    await mkdir(join(dir.path, 'deep/er'), { recursive: true });
    expect(await projectDir(join(dir.path, 'deep/er'))).toBe(dir.path);
  });

  test.each([
    { 'package.json': '{"name": "other"}' },
    { 'package.json': 'not json' },
    { 'package.json': 'null' },
    { inventories: 'a file' },
  ])('%j does not', async (files) => {
    await using dir = await folderWith(files);
    expect(await projectDir(dir.path)).not.toBe(dir.path);
  });

  test('paths are shown from the project', async () => {
    await using dir = await folderWith({ 'inventories/x.yaml': '', 'deep/y.yaml': '' });
    expect(await displayPath(join(dir.path, 'inventories/x.yaml'))).toBe('inventories/x.yaml');
    expect(await displayPath(join(dir.path, 'deep/y.yaml'))).toBe('deep/y.yaml');
    expect(await displayPath('/etc/hosts')).toBe('/etc/hosts');
  });
});
