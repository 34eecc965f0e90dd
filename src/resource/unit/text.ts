import { UsageError } from '../../errors.ts';
import { type UnitPart, type UnitText, unitText } from '../../model/unit-text.ts';

/** Specifiers of systemd 252 for a system service; `%i` and `%I` are the instance name. */
const SPECIFIERS = 'aAbBCdEfFgGhHiIjJlLmMnNopPqsStTuUvVwW';

/**
 * Text for a unit with places that systemd fills in: what stands in the template itself may hold specifiers
 * (`%i`; `%%` for a percent sign), what is put in by `${}` is literal, unless it is such a text itself.
 * @throws UsageError PD2133 for a specifier that systemd does not know
 * @example unit`${paths.current}/config/%i.yaml`
 */
export function unit(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | UnitText)[]
): UnitText {
  const parts: UnitPart[] = [];
  strings.forEach((text, i) => {
    parts.push(...parseLiteral(text));
    const value = values[i];
    if (value !== undefined) parts.push(...partsOf(value));
  });
  return unitText(parts);
}

/**
 * One specifier.
 * @example specifier('%i')
 */
export function specifier(text: `%${string}`): UnitText {
  const letter = text.slice(1);
  if (text[0] !== '%' || letter.length !== 1 || !SPECIFIERS.includes(letter)) throw unknownSpecifier(text);
  return unitText([{ kind: 'specifier', text }]);
}

/**
 * A variable of the service's environment, for use in `exec` lines: one argument, never split.
 * @example ['/bin/kill', '-HUP', variable('MAINPID')]
 */
export function variable(name: string): UnitText {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw UsageError.of('PD2133', `variable(): "${name}" is not the name of a variable`);
  return unitText([{ kind: 'variable', name }]);
}

export function isUnitText(value: unknown): value is UnitText {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'unit-text';
}

/** The pieces of a value; a plain string is one literal. */
export function partsOf(value: string | number | UnitText): readonly UnitPart[] {
  return isUnitText(value) ? value.parts : [{ kind: 'literal', text: String(value) }];
}

function parseLiteral(text: string): readonly UnitPart[] {
  const parts: UnitPart[] = [];
  for (const piece of text.split(/(%.?)/s)) {
    if (!piece.startsWith('%')) {
      if (piece !== '') parts.push({ kind: 'literal', text: piece });
    } else if (piece === '%%') {
      parts.push({ kind: 'literal', text: '%' });
    } else {
      parts.push(...specifier(piece as `%${string}`).parts);
    }
  }
  return parts;
}

function unknownSpecifier(text: string): UsageError {
  return UsageError.of('PD2133', `"${text}" is not a specifier of systemd`, 'write %% for a percent sign');
}
