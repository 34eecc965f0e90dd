import { describe } from '../../config/explain-issue.ts';
import type { UnitText } from '../../model/unit-text.ts';
import { parseDuration } from '../../util/duration.ts';
import type { Duration } from '../fields.ts';
import { pathProblem } from '../fields.ts';
import { execPath, execWord, plainWord, quotedWord, rawLine, UnitValueError, wholeLine } from './escape.ts';
import { isUnitText, partsOf } from './text.ts';

/** How the values of a key are written. `lines` gives what stands behind each `Key=`, `undefined` for a value of a wrong type. */
export type Codec<T> = {
  readonly expects: string;
  readonly lines: (value: unknown) => readonly string[] | undefined;
  /** Only for the type checker. */
  readonly type?: T;
};

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

export type Text = string | UnitText;
export type Argv = readonly [Text, ...Text[]];
/** A time span; `infinity` switches a limit off. */
export type Span = Duration | 'infinity';
/** A size in bytes, `512M`, or no limit. */
export type Bytes = number | `${number}${'K' | 'M' | 'G' | 'T'}` | 'infinity';

export const bool: Codec<boolean> = {
  expects: 'true or false',
  lines: (v) => (typeof v === 'boolean' ? [v ? 'yes' : 'no'] : undefined),
};

export const int: Codec<number> = {
  expects: 'a whole number',
  lines: (v) => (Number.isSafeInteger(v) ? [String(v)] : undefined),
};

/** A number of something, or no limit. */
export const count: Codec<number | 'infinity'> = {
  expects: 'a whole number from 0 or "infinity"',
  lines: (v) =>
    (typeof v === 'number' && Number.isSafeInteger(v) && v >= 0) || v === 'infinity'
      ? [String(v)]
      : undefined,
};

export const countOrShare: Codec<number | `${number}%` | 'infinity'> = {
  expects: 'a whole number from 0, a share such as "50%" or "infinity"',
  lines: (v) => percent.lines(v) ?? count.lines(v),
};

export const bytes: Codec<Bytes> = {
  expects: 'a number, a size such as "512M" or "infinity"',
  lines: (v) => (isScalar(v) && /^(\d+[KMGT]?|infinity)$/.test(String(v)) ? [String(v)] : undefined),
};

export const size: Codec<Bytes | `${number}%`> = {
  expects: 'a number, a size such as "512M", a share such as "50%" or "infinity"',
  lines: (v) => percent.lines(v) ?? bytes.lines(v),
};

export const percent: Codec<`${number}%`> = {
  expects: 'a share such as "50%"',
  lines: (v) => (typeof v === 'string' && /^\d+%$/.test(v) ? [v] : undefined),
};

export const span: Codec<Span> = {
  expects: 'a time such as "10s" or "infinity"',
  lines: (v) => {
    if (v === 'infinity') return ['infinity'];
    const ms = typeof v === 'string' ? parseDuration(v) : undefined;
    if (ms === undefined) return undefined;
    return [ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`];
  },
};

export const mode: Codec<string> = {
  expects: 'octal digits such as "0750"',
  lines: (v) => (typeof v === 'string' && /^[0-7]{3,4}$/.test(v) ? [v] : undefined),
};

/** One of a few words; `true` and `false` stand for yes and no where systemd knows these too. */
export function oneOf<const W extends readonly (string | boolean)[]>(...words: W): Codec<W[number]> {
  return {
    expects: `one of ${words.map((w) => JSON.stringify(w)).join(', ')}`,
    lines: (v) =>
      words.includes(v as W[number]) ? [v === true ? 'yes' : v === false ? 'no' : String(v)] : undefined,
  };
}

/** Free text that fills the line. */
export const text: Codec<Text> = {
  expects: 'a text',
  lines: (v) => (isText(v) && v !== '' ? [wholeLine(v)] : undefined),
};

/** Text that systemd does not read at all. */
export const raw: Codec<string> = {
  expects: 'a text',
  lines: (v) => (typeof v === 'string' ? [rawLine(v)] : undefined),
};

/** Words without spaces, quotes or escapes: units, capabilities, signals, address families. An empty list resets the key. */
export const names: Codec<Text | readonly Text[]> = list('a name or a list of names', (v) => {
  const word = wholeLine(v);
  if (!/^[~!]?[A-Za-z0-9_.:@/%+*=-]+$/.test(word))
    throw new UnitValueError(`${JSON.stringify(word)} is not a name`);
  return word;
});

/** Names of which each stands on a line of its own, e.g. first what is allowed, then what is taken out of it. */
export const nameLines: Codec<string | readonly string[]> = {
  expects: 'a text or a list of texts, one for each line',
  lines: (v) => {
    const lines = typeof v === 'string' ? [v] : v;
    if (
      !Array.isArray(lines) ||
      !lines.every((l) => typeof l === 'string' && /^~?[@A-Za-z0-9_:./* -]*$/.test(l))
    )
      return undefined;
    return lines.map((l) => rawLine(l));
  },
};

export const path: Codec<Text> = {
  expects: 'an absolute path',
  lines: (v) => (isText(v) ? [wholeLine(checkedPath(v))] : undefined),
};

/** Paths, each with `-` in front when it may be missing. */
export const paths: Codec<Text | readonly Text[]> = list('an absolute path or a list of them', (v) =>
  plainWord(checkedPath(v, '-+')),
);

export const plainPaths: Codec<Text | readonly Text[]> = list('an absolute path or a list of them', (v) =>
  plainWord(checkedPath(v)),
);

/** `/source` or `/source:/target`, with `-` in front when the source may be missing. */
export const binds: Codec<Text | readonly Text[]> = list('a path, "/from:/to", or a list of them', (v) => {
  const word = wholeLine(v);
  if (!/^-?\/[^:\s"'\\]*(:\/[^:\s"'\\]*)?(:(no)?rbind)?$/.test(word))
    throw new UnitValueError(
      `${JSON.stringify(word)} is not a path or "/from:/to" (without spaces, quotes, backslashes)`,
    );
  return word;
});

/** Paths with an empty file system each, `/path` or `/path:options`. */
export const mounts: Codec<Text | readonly Text[]> = list(
  'a path, "/path:options", or a list of them',
  (v) => {
    const word = wholeLine(v);
    if (!/^\/[^:\s"'\\]*(:[A-Za-z0-9=,%]+)?$/.test(word))
      throw new UnitValueError(`${JSON.stringify(word)} is not a path (without spaces, quotes, backslashes)`);
    return word;
  },
);

/** Directories below /run, /var/lib and so on: relative names. */
export const directories: Codec<Text | readonly Text[]> = list('a relative path or a list of them', (v) => {
  const word = wholeLine(v);
  if (!/^[A-Za-z0-9_.@%+/-]+$/.test(word) || word.startsWith('/') || word.split('/').includes('..'))
    throw new UnitValueError(`${JSON.stringify(word)} is not a relative path`);
  return word;
});

export const addresses: Codec<string | readonly string[]> = list(
  'an address, a network or a list of them',
  (v) => {
    const word = wholeLine(v);
    if (!/^([0-9A-Fa-f.:]+(\/\d{1,3})?|any|localhost|link-local|multicast)$/.test(word))
      throw new UnitValueError(`${JSON.stringify(word)} is not an address or network`);
    return word;
  },
) as Codec<string | readonly string[]>;

export type ExecLine = Argv | { readonly argv: Argv; readonly ignoreFailure?: boolean };

/** Exec lines: one as a list of arguments, or several as a list of such lists. */
export const exec: Codec<ExecLine | readonly ExecLine[]> = {
  expects: 'a program and its arguments as a list',
  lines: (v) => {
    const single = isExecLine(v) ? [v] : v;
    if (!Array.isArray(single) || !single.every(isExecLine)) return undefined;
    return single.map((one) => {
      const line = 'argv' in one ? one : { argv: one };
      const [program, ...args] = line.argv;
      const prefix = 'ignoreFailure' in line && line.ignoreFailure === true ? '-' : '';
      const first = execPath(program);
      // A prefix before a quoted path would be read as part of a word.
      if (prefix !== '' && first.startsWith('"'))
        return [`"-${first.slice(1)}`, ...args.map(execWord)].join(' ');
      return [prefix + first, ...args.map(execWord)].join(' ');
    });
  },
};

export const environment: Codec<{ readonly [name: string]: Text | number }> = {
  expects: 'names and values',
  lines: (v) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v) || isUnitText(v)) return undefined;
    return Object.entries(v).map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw new UnitValueError(`"${name}" is not the name of a variable`);
      if (!isText(value) && typeof value !== 'number')
        throw new UnitValueError(
          `${name}: expected text, got ${describe(value)}; a unit can be read by everybody on the host`,
        );
      return quotedWord({
        kind: 'unit-text',
        parts: [{ kind: 'literal', text: `${name}=` }, ...partsOf(value)],
      });
    });
  },
};

/** Files with variables; `-` in front when it may be missing. */
export const fileLines: Codec<Text | readonly Text[]> = {
  expects: 'an absolute path or a list of them',
  lines: (v) => {
    const lines = isText(v) ? [v] : v;
    return Array.isArray(lines) && lines.every(isText)
      ? lines.map((l) => wholeLine(checkedPath(l, '-')))
      : undefined;
  },
};

export const output: Codec<Text> = {
  expects: '"journal", "null", "inherit", "append:/path" or the like',
  lines: (v) => {
    if (!isText(v)) return undefined;
    const line = wholeLine(v);
    const simple = ['inherit', 'null', 'tty', 'journal', 'kmsg', 'journal+console', 'kmsg+console', 'socket'];
    return simple.includes(line) || /^(append|file|truncate):\//.test(line) || line.startsWith('fd:')
      ? [line]
      : undefined;
  },
};

/** Credentials: name to absolute path. */
export const credentials: Codec<{ readonly [name: string]: Text }> = {
  expects: 'names and absolute paths',
  lines: (v) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v) || isUnitText(v)) return undefined;
    return Object.entries(v).map(([name, file]) => {
      if (!/^[A-Za-z0-9_.-]{1,255}$/.test(name) || !isText(file))
        throw new UnitValueError(`"${name}" is not a name with a path`);
      return `${name}:${wholeLine(checkedPath(file))}`;
    });
  },
};

/** `true`, `false` or some of the names. */
export const boolOrNames: Codec<boolean | string | readonly string[]> = {
  expects: 'true, false, a name or a list of names',
  lines: (v) => bool.lines(v) ?? names.lines(v),
};

function list(expects: string, word: (value: Text) => string): Codec<Text | readonly Text[]> {
  return {
    expects,
    lines: (v) => {
      const values = isText(v) ? [v] : v;
      if (!Array.isArray(values) || !values.every(isText)) return undefined;
      return [values.map(word).join(' ')];
    },
  };
}

/** Anything else may tell another text each time that it is asked, or none. */
function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isText(value: unknown): value is Text {
  return typeof value === 'string' || isUnitText(value);
}

function isArgv(value: unknown): value is Argv {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isExecLine(value: unknown): value is ExecLine {
  return (
    isArgv(value) || (typeof value === 'object' && value !== null && 'argv' in value && isArgv(value.argv))
  );
}

/** Paths with specifiers are judged with these in place; they never hold slashes or dots in the units made here. */
function checkedPath(value: Text, prefixes = ''): Text {
  const shown = partsOf(value)
    .map((p) => (p.kind === 'variable' ? `$${p.name}` : p.text))
    .join('');
  const bare = shown[0] !== undefined && prefixes.includes(shown[0]) ? shown.slice(1) : shown;
  const why = pathProblem(bare);
  if (why !== undefined) throw new UnitValueError(why);
  return value;
}
