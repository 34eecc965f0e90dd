/** One way to the key of a file, for one recipient. */
export type Stanza = { readonly args: readonly string[]; readonly body: Buffer };

export type Header = {
  readonly stanzas: readonly Stanza[];
  readonly mac: Buffer;
  /** The bytes that the code stands for: from the first line to `---`. */
  readonly covered: Buffer;
  /** Where the payload begins. */
  readonly end: number;
};

const VERSION = 'age-encryption.org/v1';
/** Far more than recipients need; what comes after is no header of a file of secrets. */
const MAX_HEADER = 256 * 1024;
const LINE = 64;

/** A header without its code: what the code is made of. */
export function writeStanzas(stanzas: readonly Stanza[]): string {
  const lines = stanzas.flatMap(({ args, body }) => {
    const text = unpadded(body);
    const rows = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
    // The last line is always shorter than a full one, if need be an empty one.
    return [`-> ${args.join(' ')}`, ...rows, ...(text.length % LINE === 0 ? [''] : [])];
  });
  return [VERSION, ...lines, '---'].join('\n');
}

/** @returns what is wrong, when it is not the header of a file of age's first version */
export function readHeader(file: Buffer): Header | string {
  const text = file.subarray(0, MAX_HEADER).toString('latin1');
  const lines = text.split('\n');
  if (lines[0] !== VERSION) return 'it does not begin as a file of age does';
  const stanzas: Stanza[] = [];
  let at = 1;
  for (;;) {
    const line = lines[at] ?? '';
    if (line.startsWith('---')) break;
    const stanza = readStanza(lines, at);
    if (stanza === undefined) return 'its header is damaged';
    stanzas.push(stanza.stanza);
    at = stanza.next;
  }
  const last = lines[at] ?? '';
  const mac = last.startsWith('--- ') ? fromUnpadded(last.slice(4)) : undefined;
  if (mac?.length !== 32 || stanzas.length === 0 || at === lines.length - 1) return 'its header is damaged';
  const before = lines.slice(0, at).join('\n').length + 1;
  return { stanzas, mac, covered: file.subarray(0, before + 3), end: before + last.length + 1 };
}

function readStanza(
  lines: readonly string[],
  from: number,
): { readonly stanza: Stanza; readonly next: number } | undefined {
  const args = (lines[from] ?? '').split(' ');
  if (args.shift() !== '->' || args.length === 0 || !args.every((arg) => /^[!-~]+$/.test(arg)))
    return undefined;
  let body = '';
  for (let at = from + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.length > LINE) return undefined;
    body += line;
    if (line.length === LINE) continue;
    const bytes = fromUnpadded(body);
    return bytes === undefined ? undefined : { stanza: { args, body: bytes }, next: at + 1 };
  }
  return undefined;
}

/** base64 without `=`. */
export function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** The bytes; undefined when another text would have been written for them. */
export function fromUnpadded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return unpadded(bytes) === text ? bytes : undefined;
}
