import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderProblems } from '../../src/config/problems.ts';
import { loadSettings } from '../../src/config/settings.ts';
import type { Settings } from '../../src/config/settings-file.ts';
import { folderWith } from './temp.ts';

type Files = { readonly [path: string]: string };

async function settingsWith(files: Files, env: Files = {}, flags: Settings = {}) {
  await using dir = await folderWith({ 'project/playbooks/x.ts': '', ...files });
  const all = { HOME: join(dir.path, 'home'), ...env };
  const result = await loadSettings(join(dir.path, 'project'), all, flags);
  const text = JSON.stringify(result.ok ? [result.settings, Object.fromEntries(result.origins)] : []);
  return result.ok ? JSON.parse(text.replaceAll(dir.path, '')) : renderProblems(result.problems);
}

const PROJECT = { 'project/pdeploy.yaml': 'forks: 3\n' };
const USER = { 'home/.config/pdeploy/pdeploy.yaml': 'forks: 4\n' };

describe('loadSettings', () => {
  test('flag, environment, project, user: the first that says something', async () => {
    const env = { PDEPLOY_FORKS: '2' };
    expect(await settingsWith({ ...PROJECT, ...USER }, env, { forks: 1 })).toEqual([
      { forks: 1 },
      { forks: 'flag' },
    ]);
    expect(await settingsWith({ ...PROJECT, ...USER }, env)).toEqual([
      { forks: 2 },
      { forks: 'environment' },
    ]);
    expect(await settingsWith({ ...PROJECT, ...USER })).toEqual([{ forks: 3 }, { forks: 'project' }]);
    expect(await settingsWith(USER)).toEqual([{ forks: 4 }, { forks: 'user' }]);
    expect(await settingsWith({})).toEqual([{}, {}]);
  });

  test('each setting has its own origin', async () => {
    const files = { ...USER, 'project/pdeploy.yaml': 'inventory: staging\n' };
    expect(await settingsWith(files, { PDEPLOY_INVENTORY: '' })).toEqual([
      { inventory: 'staging', forks: 4 },
      { inventory: 'project', forks: 'user' },
    ]);
  });

  test('a state folder is relative to where it was written', async () => {
    const of = async (files: Files, env: Files = {}, flags: Settings = {}) =>
      (await settingsWith(files, env, flags))[0].state;
    expect(await of({ 'project/pdeploy.yaml': 'state: .state' })).toBe('/project/.state');
    expect(await of({ 'home/.config/pdeploy/pdeploy.yaml': 'state: s' })).toBe('/home/.config/pdeploy/s');
    expect(await of({ 'project/pdeploy.yaml': 'state: ~/s' })).toBe('/home/s');
    expect(await of({}, { PDEPLOY_STATE: 'e' })).toBe('/project/e');
    expect(await of({}, {}, { state: '/abs' })).toBe('/abs');
  });

  test('XDG_CONFIG_HOME is honoured', async () => {
    await using dir = await folderWith({ 'xdg/pdeploy/pdeploy.yaml': 'forks: 7' });
    const result = await loadSettings(
      dir.path,
      { HOME: dir.path, XDG_CONFIG_HOME: join(dir.path, 'xdg') },
      {},
    );
    expect(result.ok && result.settings).toEqual({ forks: 7 });
  });

  test('an empty file sets nothing', async () => {
    expect(await settingsWith({ 'project/pdeploy.yaml': '# nothing\n' })).toEqual([{}, {}]);
  });

  test('everything wrong is told at once', async () => {
    const files = {
      'project/pdeploy.yaml': 'fork: 3\nforks: many\n',
      'home/.config/pdeploy/pdeploy.yaml': '- a',
    };
    const text = await settingsWith(files, { PDEPLOY_FORKS: '0' });
    expect(text).toContain('error PD2245: PDEPLOY_FORKS must be a whole number from 1 to 1000, not "0"\n');
    expect(text).toContain(`error PD2014: unknown key "fork" in the settings
  pdeploy.yaml:1:1  fork
    1 | fork: 3
      | ^^^^ did you mean "forks"?
error PD2015: forks must be a whole number from 1 to 1000, not "many"
  pdeploy.yaml:2:8  forks
    2 | forks: many
      |        ^^^^
`);
    expect(text).toContain('error PD2015: the settings must be a mapping, not a list\n');
    expect(text).toMatch(/4 problems\. Nothing was contacted\.\n$/);
  });
});
