import { nearest } from '../../config/did-you-mean.ts';
import { describe } from '../../config/explain-issue.ts';
import { UsageError } from '../../errors.ts';
import { type Codec, raw, type ValueOf } from './codec.ts';
import { UnitValueError } from './escape.ts';
import { SERVICE_KEYS } from './keys-service.ts';
import { INSTALL_KEYS, UNIT_KEYS } from './keys-unit.ts';

type Keys = { readonly [key: string]: Codec<unknown> };

/** The keys of a section with values of their types; `null` takes a key out; keys with `X-` are yours. */
type SectionOf<K extends Keys> = { readonly [Key in keyof K]?: ValueOf<K[Key]> | null } & {
  readonly [key: `X-${string}`]: string;
};

export type UnitSection = SectionOf<typeof UNIT_KEYS>;
export type ServiceSection = SectionOf<typeof SERVICE_KEYS>;
export type InstallSection = SectionOf<typeof INSTALL_KEYS>;

export type UnitSections = {
  readonly unit?: UnitSection | undefined;
  readonly service?: ServiceSection | undefined;
  readonly install?: InstallSection | undefined;
};

const SECTIONS = [
  { name: 'unit', title: 'Unit', keys: UNIT_KEYS },
  { name: 'service', title: 'Service', keys: SERVICE_KEYS },
  { name: 'install', title: 'Install', keys: INSTALL_KEYS },
] as const;

/**
 * The text of a unit or drop-in.
 * @throws UsageError PD2131 for an unknown key, PD2132 for a value that systemd would not read back as it is; all at once
 */
export function renderUnit(sections: UnitSections): string {
  const problems: { code: string; message: string }[] = [];
  const blocks = SECTIONS.flatMap(({ name, title, keys }) => {
    const given = Object.entries(sections[name] ?? {}).filter(
      ([, value]) => value !== undefined && value !== null,
    );
    if (given.length === 0) return [];
    const lines = given.flatMap(([key, value]) => {
      try {
        return renderKey(title, keys, key, value);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        problems.push({ code: error.code, message: error.message });
        return [];
      }
    });
    return [`[${title}]\n${lines.map((line) => `${line}\n`).join('')}`];
  });
  if (problems.length > 0) throw new UsageError(problems);
  return blocks.join('\n');
}

function renderKey(section: string, keys: Keys, key: string, value: unknown): readonly string[] {
  const codec = codecOf(section, keys, key);
  try {
    const lines = codec.lines(value);
    if (lines === undefined) throw new UnitValueError(`expected ${codec.expects}, got ${describe(value)}`);
    return lines.map((line) => `${key}=${line}`);
  } catch (error) {
    if (!(error instanceof UnitValueError)) throw error;
    throw UsageError.of('PD2132', `[${section}] ${key}: ${error.message}`);
  }
}

function codecOf(section: string, keys: Keys, key: string): Codec<unknown> {
  if (/^X-[A-Za-z0-9-]+$/.test(key)) return raw;
  const codec = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (codec !== undefined) return codec;
  const near = nearest(key, Object.keys(keys));
  const other = SECTIONS.find((s) => s.title !== section && Object.hasOwn(s.keys, key));
  const hint =
    near !== undefined
      ? `, did you mean "${near}"?`
      : other !== undefined
        ? `, it belongs to [${other.title}]`
        : '';
  throw UsageError.of('PD2131', `[${section}] unknown key "${key}"${hint}`);
}
