/** Where the text of a secret comes from. Relative files start at the project. */
export type SecretSource =
  /** A name in the files of secrets of the inventory, else in those for all inventories. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'age'; readonly file: string; readonly key: string }
  | { readonly kind: 'sops'; readonly file: string; readonly key: string }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  /** `path` as the program vault takes it: the mount of the KV version 2, then the path in it. */
  | { readonly kind: 'vault'; readonly path: string; readonly key: string };

/** A name of a secret, or of a place in a file of them: `edge.api_key`. */
export const SECRET_KEY = /^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$/;
export const SECRET_KEY_RULE = 'names of letters, digits, - and _, with dots between them';

const KINDS: readonly unknown[] = ['named', 'age', 'sops', 'env', 'file', 'exec', 'vault'];

export function isSecretSource(value: unknown): value is SecretSource {
  return typeof value === 'object' && value !== null && KINDS.includes((value as { kind?: unknown }).kind);
}

/** How a secret is called in everything that is shown. */
export function secretName(source: SecretSource): string {
  switch (source.kind) {
    case 'named':
      return source.name;
    case 'age':
    case 'sops':
      return source.key;
    case 'env':
      return source.variable;
    case 'file':
      return source.path;
    case 'exec':
      return source.argv.join(' ').slice(0, 60);
    case 'vault':
      return `${source.path} ${source.key}`;
  }
}

/** Where it comes from, in words. */
export function sourceText(source: SecretSource): string {
  switch (source.kind) {
    case 'named':
      return source.name;
    case 'age':
    case 'sops':
      return `${source.key} in ${source.file}`;
    case 'env':
      return `the variable ${source.variable} of the environment`;
    case 'file':
      return `the file ${source.path}`;
    case 'exec':
      return `the program ${source.argv[0] ?? ''}`;
    case 'vault':
      return `${source.key} in ${source.path} of Vault`;
  }
}
