import type { Host } from '../host.ts';
import { CONTROL, type Place, SYSTEM } from '../paths.ts';
import type { Step } from '../step.ts';
import { step } from './call.ts';

/** A release as it lies on a host: one entry instead of a directory, whole or damaged. */
export type StoredRelease = { readonly manifest: string; readonly unit: string; readonly meta: string };

export function readRelease(host: Host, at: Place, digest: string): StoredRelease | undefined {
  const text = host.disk.read(`${at.R}/${digest}`);
  if (text === undefined || text === '') return undefined;
  return JSON.parse(text) as StoredRelease;
}

/** The release that a unit would start: through the link in /run, and for a committed one through the durable link. */
export function resolveLink(host: Host, at: Place): string | undefined {
  const first = host.run.get(at.L);
  const target = first === at.C ? host.disk.target(at.C) : first;
  const digest = target?.slice(at.R.length + 1);
  return digest !== undefined && readRelease(host, at, digest) !== undefined ? digest : undefined;
}

/** The digest that the durable link names, '' for none. */
export function currentOf(host: Host, at: Place): string {
  return host.disk.target(at.C)?.slice(at.R.length + 1) ?? '';
}

export function sameUnit(host: Host, at: Place, release: StoredRelease): boolean {
  return host.disk.read(`${SYSTEM}/${at.unit}`) === release.unit;
}

export function* writeVolatile(
  host: Host,
  at: Place,
  release: StoredRelease,
): Generator<Step, void, boolean> {
  yield* step('volatile.write');
  host.run.set(`${CONTROL}/${at.unit}`, release.unit);
}

export function* dropVolatile(host: Host, at: Place): Generator<Step, void, boolean> {
  yield* step('volatile.drop');
  host.run.delete(`${CONTROL}/${at.unit}`);
}

/** The unit in /etc is the release's afterwards, also after a power cut. */
export function* writeDurable(host: Host, at: Place, release: StoredRelease): Generator<Step, void, boolean> {
  if (!sameUnit(host, at, release)) {
    const temp = `${SYSTEM}/.pdeploy.${at.unit}`;
    yield* step('unit.write');
    host.disk.write(temp, release.unit);
    yield* step('unit.sync');
    host.disk.sync(temp);
    yield* step('unit.rename');
    host.disk.rename(temp, `${SYSTEM}/${at.unit}`);
  }
  yield* step('unit.sync-dir');
  host.disk.sync(SYSTEM);
}

export function* dropDurable(host: Host, at: Place): Generator<Step, void, boolean> {
  yield* step('unit.remove');
  host.disk.remove(at.wants);
  host.disk.remove(`${SYSTEM}/${at.unit}`);
  host.disk.sync(SYSTEM, dirOf(at.wants));
}

export function enable(host: Host, at: Place): void {
  if (!host.disk.has(at.wants)) host.disk.link(at.wants, `${SYSTEM}/${at.unit}`);
}

export function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
