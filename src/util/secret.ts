import { UsageError } from '../errors.ts';
import { sha256 } from './digest.ts';
import { rememberSecret } from './redact.ts';

const REDACTED = '<secret>';
/** Anything shorter would be found in words that are no secret. */
const SHORTEST = 6;

/**
 * A value that shows itself as `<secret name>` wherever it is printed. `reveal()` is the only way to the text. Once made,
 * its text is also taken out of whatever pdeploy prints or writes down, also of what hosts say.
 * @throws UsageError PD2136 when it has less than 6 characters
 */
export class Secret {
  readonly #value: string;
  readonly name: string;

  constructor(name: string, value: string, options: { readonly parts?: 'known' } = {}) {
    this.name = name;
    this.#value = value;
    if (options.parts === 'known') return;
    if ([...value.trim()].length < SHORTEST)
      throw UsageError.of(
        'PD2136',
        `the secret "${name}" has less than ${SHORTEST} characters`,
        'it could not be kept out of logs: its text would be found in other words',
      );
    rememberSecret(value, this.toString());
  }

  /** A text with secrets in it that are known by themselves: as a whole there is nothing to look for. */
  static around(name: string, text: string): Secret {
    return new Secret(name, text, { parts: 'known' });
  }

  reveal(): string {
    return this.#value;
  }

  /** Four hex digits that change when the value does; salted by the name. */
  get fingerprint(): string {
    return sha256(`${this.name}\0${this.#value}`).slice(0, 4);
  }

  toString(): string {
    return this.name === '' ? REDACTED : `<secret ${this.name}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
