import { createHmac } from 'node:crypto';

/** The name ssh looks up: the address, with brackets and port when the port is not 22. */
export function knownHostsName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether the first field of a known_hosts line speaks of `name`. A negated pattern that matches wins. */
export function namesMatch(names: string, name: string): boolean {
  const wanted = name.toLowerCase();
  if (names.startsWith('|')) return hashedMatch(names, wanted);
  let found = false;
  for (const entry of names.split(',')) {
    const negated = entry.startsWith('!');
    if (!globMatch((negated ? entry.slice(1) : entry).toLowerCase(), wanted)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function hashedMatch(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` and `?` only. Two indices instead of a regular expression: a hostile pattern stays cheap. */
function globMatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      resume = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      resume += 1;
      t = resume;
      p = star + 1;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
