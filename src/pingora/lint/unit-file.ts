import { excerpt } from '../../config/excerpt.ts';
import type { Spot } from './finding.ts';

export type UnitLine = {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly spot: Spot;
};

/** A unit, or a drop-in of one, as far as the rules need it: what is assigned, and where. */
export type UnitFile = { readonly file: string; readonly lines: readonly UnitLine[]; readonly end: Spot };

/** Reads what systemd.syntax(7) describes; what is no assignment is passed over. */
export function readUnit(text: string, file: string): UnitFile {
  const lines: UnitLine[] = [];
  let section = '';
  let offset = 0;
  let continued = false;
  let end: Spot = { at: { file, line: 1, col: 1 }, excerpt: '' };
  for (const [index, line] of text.split('\n').entries()) {
    const spot = (from: number, to: number): Spot => ({
      at: { file, line: index + 1, col: from + 1 },
      excerpt: excerpt(text, { start: offset + from, end: offset + to }, index + 1),
    });
    const assigned = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*?)\s*\\?$/.exec(line);
    const comment = /^\s*[#;]/.test(line);
    if (!continued && !comment) {
      section = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1] ?? section;
      if (assigned?.[1] !== undefined)
        lines.push({ section, key: assigned[1], value: assigned[2] ?? '', spot: spot(0, line.length) });
      if (section === 'Service' && line.trim() !== '') end = spot(0, line.length);
    }
    if (!comment) continued = line.endsWith('\\');
    offset += line.length + 1;
  }
  return { file, lines, end };
}

/** What holds for a key of [Service] when all files were read in their order: the last word. */
export function lastWord(units: readonly UnitFile[], key: string): UnitLine | undefined {
  return units
    .flatMap((unit) => unit.lines)
    .findLast((line) => line.section === 'Service' && line.key === key);
}

/** Seconds of a time span of systemd.time(7); undefined when there is no end to it, or it cannot be read. */
export function seconds(span: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(span)) return Number(span);
  const parts = [...span.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)];
  if (
    parts.length === 0 ||
    parts.map((p) => p[0]).join('').length !== span.replaceAll(/(?<=[a-z])\s+/g, '').length
  )
    return undefined;
  const total = parts.reduce(
    (sum, [, n, unit = '']) => sum + Number(n) * (FACTORS.get(unit) ?? Number.NaN),
    0,
  );
  return Number.isNaN(total) ? undefined : total;
}

const FACTORS: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'second', 'seconds'].map((word) => [word, 1] as const),
  ...['m', 'min', 'minute', 'minutes'].map((word) => [word, 60] as const),
  ...['h', 'hr', 'hour', 'hours'].map((word) => [word, 3_600] as const),
  ...['d', 'day', 'days'].map((word) => [word, 86_400] as const),
  ...['ms', 'msec'].map((word) => [word, 0.001] as const),
]);

export function isYes(value: string): boolean {
  return /^(1|yes|y|true|t|on)$/i.test(value);
}

/** Bytes of `512M`; undefined for a share, `infinity` and what is no size. */
export function bytes(size: string): number | undefined {
  const [, n, factor = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(size) ?? [];
  return n === undefined ? undefined : Number(n) * 1024 ** ' KMGT'.indexOf(factor === '' ? ' ' : factor);
}
