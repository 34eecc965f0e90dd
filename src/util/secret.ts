import { sha256 } from './digest.ts';

const REDACTED = '<secret>';

/** A value that shows itself as `<secret name>` wherever it is printed. `reveal()` is the only way to the text. */
export class Secret {
  readonly #value: string;
  readonly name: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
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
