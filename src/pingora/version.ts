import { compareVersions } from '../host/elf.ts';

/** Versions of Pingora that were read for the tables here; the newest one is what a file is held against by default. */
export const VERSIONS = [
  '0.1.0',
  '0.1.1',
  '0.2.0',
  '0.3.0',
  '0.4.0',
  '0.5.0',
  '0.6.0',
  '0.7.0',
  '0.8.0',
  '0.8.1',
  '0.9.0',
  '0.9.1',
] as const;

export type PingoraVersion = (typeof VERSIONS)[number];

export const NEWEST: PingoraVersion = '0.9.1';

/** Whether `version` is `than` or a later one. Any dotted number will do: versions appear faster than tables. */
export function isAtLeast(version: string, than: PingoraVersion): boolean {
  return compareVersions(version, than) >= 0;
}

export function isVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(text);
}
