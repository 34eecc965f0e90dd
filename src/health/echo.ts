import { readPath } from './json-path.ts';
import type { RawProbe } from './raw.ts';

/** What a process may call its release: the id, its first digits, or the label. */
export type Echo = { readonly release: string; readonly label: string };

export type RawHttp = Extract<RawProbe, { readonly kind: 'http' }>;

/** The smallest part of an id that still names it: as it is shown to people. */
const SHORT = 7;

/** @param where a header, or a dotted path of a JSON body as `json:release` */
export function tells(where: string, raw: RawHttp): string | undefined {
  return where.startsWith('json:') ? readPath(raw.body, where.slice('json:'.length)) : header(raw, where);
}

/** `the header x-release`, `json:release` */
export function placeName(where: string): string {
  return where.startsWith('json:') ? where : `the header ${where}`;
}

export function isNamed(told: string, echo: Echo): boolean {
  const long = echo.release !== '' && echo.release.startsWith(told) && told.length >= SHORT;
  return long || (told === echo.label && told !== '');
}

export function header(raw: RawHttp, name: string): string | undefined {
  const lower = name.toLowerCase();
  return raw.headers.find(([n]) => n.toLowerCase() === lower)?.[1];
}
