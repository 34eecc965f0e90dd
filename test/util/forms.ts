export const json = (text: string) => JSON.stringify(text).slice(1, -1);
export const hex = (text: string) => Buffer.from(text).toString('hex');

/** Ways in which programs write a text. */
export const FORMS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['as it is', (t) => t],
  ['URL', encodeURIComponent],
  ['URL, lower case', (t) => encodeURIComponent(t).replace(/%../g, (p) => p.toLowerCase())],
  ['URL, every byte', (t) => hex(t).replace(/../g, (p) => `%${p.toUpperCase()}`)],
  ['URL, twice', (t) => encodeURIComponent(encodeURIComponent(t))],
  ['a form', (t) => new URLSearchParams({ t }).toString().slice(2)],
  ['JSON', json],
  ['JSON in JSON', (t) => json(json(t))],
  [
    'JSON, ASCII only',
    (t) => json(t).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
  ['single quotes of a shell', (t) => t.replaceAll("'", "'\\''")],
  ['the other way', (t) => t.replaceAll("'", `'"'"'`)],
  ['double quotes of a shell', (t) => t.replace(/["\\$`]/g, '\\$&')],
  ['hex', hex],
  ['HEX', (t) => hex(t).toUpperCase()],
  ['hex with colons', (t) => hex(t).match(/../g)?.join(':') ?? ''],
  ['hex with blanks', (t) => hex(t).match(/../g)?.join(' ') ?? ''],
  ['\\x', (t) => hex(t).replace(/../g, '\\x$&')],
  [
    'HTML',
    (t) =>
      t.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? '&#39;'),
  ],
]);
