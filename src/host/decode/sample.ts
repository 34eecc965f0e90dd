import { untoken } from '../request.ts';

/** What one round saw on the host, unjudged; the shape that src/health judges. */
export type HostSample = {
  /** CLOCK_BOOTTIME of the host at the start of the round, milliseconds. Compare only with itself. */
  readonly hostMs: number;
  readonly activeState: string;
  readonly subState: string;
  /** systemd's `Result=`: `success`, `exit-code`, `start-limit-hit`, ... */
  readonly result: string;
  readonly pid: number;
  /** The main process executes the file `bin/<binary>` of the expected release: same device, same inode. */
  readonly exeMatch: boolean;
  /** It was started after the switch; true when there was no switch. */
  readonly startedAfterSwitch: boolean;
  readonly restarts: number;
  /** Ports of `health.listens` that the main process does not own. */
  readonly missingListens: readonly number[];
  readonly probes: readonly HostProbe[];
};

/** `id` is the index in `health.probes`, as text. Vantage `outside` and kind `systemd` are not among them. */
export type HostProbe =
  | ({ readonly kind: 'http'; readonly id: string; readonly error: string } & HttpResponse)
  | { readonly kind: 'tcp'; readonly id: string; readonly ok: boolean; readonly error: string }
  | { readonly kind: 'exec'; readonly id: string; readonly code: number; readonly error: string };

export type HttpResponse = {
  /** 0 when there was no answer. */
  readonly status: number;
  /** Names in lower case, in the order of the answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** At most the first 4 KiB. */
  readonly body: string;
};

const BODY_LIMIT = 4096;

/** One streamed line; undefined when it is not a sample. */
export function decodeSample(line: string): HostSample | undefined {
  const [key, ticks, activeState, subState, result, pid, exe, fresh, restarts, missing, ...probes] =
    line.split(' ');
  if (key !== 'sample' || activeState === undefined || subState === undefined || result === undefined)
    return undefined;
  if (missing === undefined) return undefined;
  return {
    hostMs: Number(ticks) * 10,
    activeState,
    subState,
    result,
    pid: Number(pid),
    exeMatch: exe === '1',
    startedAfterSwitch: fresh === '1',
    restarts: Number(restarts),
    missingListens: missing === '-' ? [] : missing.split(',').map(Number),
    probes: probes.flatMap(decodeProbe),
  };
}

const NO_ANSWER: HttpResponse = { status: 0, headers: [], body: '' };

function decodeProbe(text: string): readonly HostProbe[] {
  const match = /^(\d+)=(http|tcp|exec)(!?):(\S*)$/.exec(text);
  if (match?.[1] === undefined) return [];
  const id = match[1];
  const error = match[3] === '' ? '' : explain(untoken(match[4] ?? '-'));
  const value = match[3] === '' ? (match[4] ?? '') : '';
  switch (match[2]) {
    case 'http':
      return [
        { kind: 'http', id, error, ...(error === '' ? parseHttp(Buffer.from(value, 'base64')) : NO_ANSWER) },
      ];
    case 'tcp':
      return [{ kind: 'tcp', id, ok: error === '', error }];
    default:
      return [{ kind: 'exec', id, code: error === '' ? Number(value) : -1, error }];
  }
}

const CURL: ReadonlyMap<string, string> = new Map([
  ['6', 'the name is unknown'],
  ['7', 'connection refused'],
  ['28', 'timed out'],
  ['35', 'TLS handshake failed'],
  ['52', 'closed without an answer'],
  ['56', 'connection reset'],
]);

/** The words of curl and of the shell, shortened. */
function explain(text: string): string {
  const curl = /^curl: \((\d+)\) (.*)/.exec(text.trim());
  if (curl !== null) return CURL.get(curl[1] ?? '') ?? curl[2] ?? 'no answer';
  if (/connection refused/i.test(text)) return 'connection refused';
  return text.trim() === '' ? 'no answer' : text.trim();
}

/** The start of a response as it came over the wire; interim 1xx answers are skipped. */
export function parseHttp(bytes: Buffer): HttpResponse {
  const end = bytes.indexOf('\r\n\r\n');
  const head = (end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1').split('\r\n');
  const rest = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  const status = Number(/^HTTP\/\S+ (\d{3})/.exec(head[0] ?? '')?.[1] ?? 0);
  if (status >= 100 && status < 200 && status !== 101 && rest.length > 0) return parseHttp(rest);
  const headers = head.slice(1).flatMap((line): readonly (readonly [string, string])[] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
  });
  return { status, headers, body: rest.subarray(0, BODY_LIMIT).toString('utf8') };
}
