import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration } from '../util/duration.ts';
import { Secret } from '../util/secret.ts';

/** A time for people: `500ms`, `10s`, `2m`, `1h`, `7d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** File mode as three or four octal digits, e.g. `0640`. */
export const modeField = z
  .string()
  .regex(/^[0-7]{3,4}$/, 'expected three or four octal digits such as "0640"')
  .transform((mode) => mode.padStart(4, '0'));

export const userField = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,30}$/, 'expected a user name such as "edge": a-z, 0-9, _ and -, at most 31');

export const portField = z
  .int({ error: 'expected a port, a whole number from 1 to 65535' })
  .min(1, 'expected a port, a whole number from 1 to 65535')
  .max(65535, 'expected a port, a whole number from 1 to 65535');

/** A name or address that a TLS client asks for. */
export const serverField = z
  .string()
  .refine(
    (name) =>
      isIP(name) !== 0 ||
      (/^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) &&
        name.length <= 253),
    'expected a server name such as "shop.example", in lower case',
  );

/** An absolute path on the host, of the characters that are syntax nowhere: not to a shell, a unit or tmpfiles.d. */
export const hostPathField = z.string().superRefine((path, ctx) => {
  const odd = /[^A-Za-z0-9._@:+,=/~-]/u.exec(path)?.[0];
  const why =
    pathProblem(path) ??
    (odd === undefined ? undefined : `a path of a resource must not hold ${JSON.stringify(odd)}`) ??
    (path.length > 512 ? 'a path of a resource has at most 512 characters' : undefined);
  if (why !== undefined) ctx.addIssue({ code: 'custom', message: why });
});

export const argvField = z
  .array(z.string().refine((arg) => !arg.includes('\0'), 'an argument must not hold a NUL'))
  .min(1, 'expected a list of a program and its arguments')
  .readonly();

export const contentField = z.union([z.string(), z.instanceof(Secret)], {
  error: 'expected text, a secret or template()',
});

/** Milliseconds from a duration text. */
export function durationField(options: { readonly min?: Duration; readonly max?: Duration } = {}) {
  return z
    .custom<Duration>((value) => toMs(value) !== undefined, {
      error: 'expected a duration such as "10s", "500ms" or "2m"',
    })
    .transform((value) => toMs(value) ?? 0)
    .refine((ms) => ms >= (toMs(options.min ?? '0s') ?? 0), `must be at least ${options.min}`)
    .refine((ms) => ms <= (toMs(options.max ?? '365d') ?? 0), `must be at most ${options.max ?? '365d'}`);
}

/** Why a text is not an absolute path that means what it says, without `.`, `..`, doubled or trailing slashes. */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return `expected an absolute path, got "${path}"`;
  if (path !== '/' && path.endsWith('/')) return `"${path}" must not end in a slash`;
  if (/[\p{Cc}]/u.test(path)) return 'a path must not hold control characters';
  const bad = path
    .slice(1)
    .split('/')
    .find((part) => part === '.' || part === '..' || (part === '' && path !== '/'));
  return bad === undefined ? undefined : `"${path}" must not hold ".", ".." or "//"`;
}

function toMs(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}
