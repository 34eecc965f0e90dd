import { isIPv4, isIPv6 } from 'node:net';
import { HOST_NAME } from './names.ts';

/** `[2001:db8::1]` without its brackets; anything else as it is. */
export function bareAddress(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
}

/** Why `text` cannot be the address of a host; `undefined` when it can. */
export function addressFault(text: string): string | undefined {
  const bare = bareAddress(text);
  if (bare.includes('%')) return 'has a scope (%), which is not supported';
  if (isIPv6(bare)) return undefined;
  if (bare !== text || !HOST_NAME.test(text)) return 'is not a host name or an IP address';
  if (/^[\d.]+$/.test(text) && !isIPv4(text)) return 'is not an IPv4 address';
  return undefined;
}

/** One spelling for each address: lower case, no trailing dot, IPv6 compressed. */
export function canonicalAddress(text: string): string {
  const bare = bareAddress(text).toLowerCase().replace(/\.$/, '');
  return isIPv6(bare) && !bare.includes('%') ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}

/** `198.51.100.7:22`, `[2001:db8::1]:22` */
export function endpoint(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
