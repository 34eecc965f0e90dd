/** CSI, then OSC, DCS, SOS, PM and APC strings with their ends, then two-character escapes; 7 and 8 bit. */
const SEQUENCES = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]?',
    '(?:\\u001b[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)?',
    '\\u001b[ -/]*[0-~]?',
  ].join('|'),
  'g',
);
/** Control, format (bidirectional ones among them) and separator characters that a terminal may act on. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const LINE_END = /\r\n|[\n\u0085\u2028\u2029]/;

/** Text of a host as one line that is safe on a terminal and in a log: no escapes, no controls, no overrides. */
export function sanitize(text: string): string {
  return text
    .toWellFormed()
    .replace(SEQUENCES, '')
    .replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, ' ')
    .replace(CONTROLS, '');
}

/** The same for text of several lines. Tabs become blanks. */
export function sanitizeLines(text: string): string[] {
  return text.replace(SEQUENCES, '').split(LINE_END).map(sanitize);
}
