import { keyType } from '../key-blob.ts';

export type Marker = 'none' | 'revoked' | 'cert-authority';

/** One usable line of a known_hosts file. */
export type KnownLine = {
  readonly marker: Marker;
  /** The first field as written: a hashed name, or names and patterns with commas. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
};

const MARKERS: ReadonlyMap<string, Marker> = new Map([
  ['@revoked', 'revoked'],
  ['@cert-authority', 'cert-authority'],
]);

/** Reads a known_hosts file. Like ssh, it passes over comments and lines it cannot read. */
export function parseKnownHosts(text: string, file: string): KnownLine[] {
  return text.split('\n').flatMap((raw, index) => parseLine(raw, file, index + 1) ?? []);
}

function parseLine(raw: string, file: string, line: number): KnownLine | undefined {
  const fields = raw.replace(/\r$/, '').split(/[ \t]+/);
  if (fields[0] === '') fields.shift();
  let marker: Marker = 'none';
  if (fields[0]?.startsWith('@') === true) {
    const found = MARKERS.get(fields.shift() ?? '');
    if (found === undefined) return undefined;
    marker = found;
  }
  const [names, type, encoded] = fields;
  if (names === undefined || names === '' || names.startsWith('#')) return undefined;
  if (type === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return keyType(key) === type ? { marker, names, type, key, file, line } : undefined;
}
