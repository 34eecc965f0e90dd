/** A file or directory that only root may be able to change. */
export type Standing = {
  readonly path: string;
  readonly owner: string;
  /** Octal, such as `755`. */
  readonly mode: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
};

/** What an agent tells of the login that called it. */
export type Inspection = {
  /** The policy of the host binds the caller. */
  readonly bound: boolean;
  /** `root`, else who became root by sudo; `-` when the name has odd characters. */
  readonly login: string;
  /** The digest that the agent says it has, and that of what lies in its place. */
  readonly agent: { readonly stated: string; readonly found: string };
  readonly standing: readonly Standing[];
  /** Text of /etc/pdeploy/policy; undefined when there is none. */
  readonly policy: string | undefined;
  /** Text of the authorized_keys of the login; undefined when there is none, or the login is root. */
  readonly keys: string | undefined;
  /** What `sudo -l` says of the login; '' of root. */
  readonly sudo: string;
  readonly instances: readonly {
    readonly name: string;
    readonly user: string;
    /** Open files: what the unit asks for, and what the process has got; undefined when it does not run. */
    readonly nofile: { readonly asked: number; readonly got: number } | undefined;
  }[];
};

const TYPES: ReadonlyMap<string, Standing['type']> = new Map([
  ['f', 'file'],
  ['d', 'directory'],
  ['l', 'link'],
]);

/** @param lines reply of inspect */
export function decodeInspection(lines: readonly string[]): Inspection {
  const [, bound = '1', login = '-'] = lineOf(lines, 'caller')?.split(' ') ?? [];
  const [, stated = '', found = ''] = lineOf(lines, 'agent')?.split(' ') ?? [];
  return {
    bound: bound !== '0',
    login,
    agent: { stated, found },
    standing: lines.flatMap(decodeStanding),
    policy: textOf(lines, 'policy'),
    keys: textOf(lines, 'keys'),
    sudo: textOf(lines, 'sudo') ?? '',
    instances: lines.flatMap(decodeInstance),
  };
}

function lineOf(lines: readonly string[], key: string): string | undefined {
  return lines.find((line) => line.startsWith(`${key} `));
}

function textOf(lines: readonly string[], key: string): string | undefined {
  const line = lineOf(lines, key);
  return line === undefined ? undefined : Buffer.from(line.slice(key.length + 1), 'base64').toString('utf8');
}

/** `standing <owner> <mode> <type> <path>` */
function decodeStanding(line: string): readonly Standing[] {
  const [, owner, mode, type, path] = /^standing (\S+) ([0-7]+) (\S) (\/.*)$/.exec(line) ?? [];
  if (owner === undefined || mode === undefined || path === undefined) return [];
  return [{ path, owner, mode, type: TYPES.get(type ?? '') ?? 'other' }];
}

/** `instance <name> <user> <asked> <got>`; systemd says `infinity`, the kernel `unlimited`. */
function decodeInstance(line: string): Inspection['instances'] {
  const [, name, user, asked, got] = /^instance (\S+) (\S+) (\S+) (\S+)$/.exec(line) ?? [];
  if (name === undefined || user === undefined || asked === undefined || got === undefined) return [];
  const nofile = got === '-' ? undefined : { asked: count(asked), got: count(got) };
  return [{ name, user, nofile }];
}

function count(text: string): number {
  return text === 'infinity' || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text) || 0;
}
