import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Problem } from '../errors.ts';
import { CODE } from './codes.ts';
import { expandPath } from './paths.ts';
import { displayPath, projectDir, SETTINGS_FILE } from './project.ts';
import type { Settings } from './settings-file.ts';
import { show } from './show.ts';
import { readTextFile } from './text-file.ts';

export type SettingsOrigin = 'flag' | 'environment' | 'project' | 'user';

export type SettingsResult =
  | {
      readonly ok: true;
      readonly settings: Settings;
      readonly origins: ReadonlyMap<keyof Settings, SettingsOrigin>;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Env = { readonly [name: string]: string | undefined };
type Layer = { readonly origin: SettingsOrigin; readonly settings: Settings };
type LayerResult = { readonly layer: Layer } | { readonly problems: readonly Problem[] };

/** Settings from flags, `PDEPLOY_*`, the project's `pdeploy.yaml` and the user's, the first that says something. */
export async function loadSettings(cwd: string, env: Env, flags: Settings): Promise<SettingsResult> {
  const home = env.HOME ?? homedir();
  const project = await projectDir(cwd);
  const userDir = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pdeploy');
  const results = [
    flagLayer(flags, home, cwd),
    envLayer(env, home, cwd),
    ...(project === undefined ? [] : [await fileLayer('project', join(project, SETTINGS_FILE), home)]),
    await fileLayer('user', join(userDir, SETTINGS_FILE), home),
  ];
  const problems = results.flatMap((result) => ('problems' in result ? result.problems : []));
  if (problems.length > 0) return { ok: false, problems };
  return merge(results.flatMap((result) => ('layer' in result ? [result.layer] : [])));
}

function merge(layers: readonly Layer[]): SettingsResult {
  const origins = new Map<keyof Settings, SettingsOrigin>();
  const settings: { -readonly [K in keyof Settings]: Settings[K] } = {};
  for (const { origin, settings: own } of layers.toReversed()) {
    Object.assign(settings, own);
    for (const key of Object.keys(own)) origins.set(key as keyof Settings, origin);
  }
  return { ok: true, settings, origins };
}

function flagLayer(flags: Settings, home: string, cwd: string): LayerResult {
  return { layer: { origin: 'flag', settings: withState(flags, home, cwd) } };
}

function envLayer(env: Env, home: string, cwd: string): LayerResult {
  const { PDEPLOY_INVENTORY: inventory, PDEPLOY_FORKS: forks, PDEPLOY_STATE: state } = env;
  const wanted = forks === undefined || forks === '' ? undefined : Number(forks);
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 1_000)) {
    const message = `PDEPLOY_FORKS must be a whole number from 1 to 1000, not ${show(forks)}`;
    return { problems: [{ code: CODE.setting, message }] };
  }
  const settings = {
    ...(inventory === undefined || inventory === '' ? {} : { inventory }),
    ...(wanted === undefined ? {} : { forks: wanted }),
    ...(state === undefined || state === '' ? {} : { state }),
  };
  return { layer: { origin: 'environment', settings: withState(settings, home, cwd) } };
}

async function fileLayer(origin: 'project' | 'user', file: string, home: string): Promise<LayerResult> {
  const shown = await displayPath(file);
  const text = await readTextFile(file, shown);
  if (!text.ok) {
    return text.missing ? { layer: { origin, settings: {} } } : { problems: [text.problem] };
  }
  const { parseSettings } = await import('./settings-file.ts');
  const parsed = parseSettings(text.text, shown);
  if (!parsed.ok) return parsed;
  return { layer: { origin, settings: withState(parsed.settings, home, dirname(file)) } };
}

function withState(settings: Settings, home: string, dir: string): Settings {
  return settings.state === undefined
    ? settings
    : { ...settings, state: expandPath(settings.state, home, dir) };
}
