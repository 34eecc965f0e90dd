import { UsageError } from '../errors.ts';

/** A piece of text for a unit: literal, a specifier that systemd fills in (`%i`), or a variable of the service's environment. */
export type UnitPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'specifier'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string };

/** Text for a unit in which the places that systemd fills in are marked; all the rest reaches the service as it is. */
export type UnitText = { readonly kind: 'unit-text'; readonly parts: readonly UnitPart[] };

/** A text from its pieces. It refuses to become a plain string, which would silently lose the marks. */
export function unitText(parts: readonly UnitPart[]): UnitText {
  const shown = parts.map((part) => (part.kind === 'variable' ? `$${part.name}` : part.text)).join('');
  const misuse = (): never => {
    throw UsageError.of(
      'PD2133',
      `"${shown}" has a meaning in units only and cannot be put into a plain text`,
      'in a unit, write unit`...` with the tag instead of `...`; elsewhere, write the path of the one instance',
    );
  };
  const text: UnitText = { kind: 'unit-text', parts };
  Object.defineProperty(text, Symbol.toPrimitive, { value: misuse });
  return Object.freeze(text);
}
