import { isIPv6 } from 'node:net';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;

/** Whether `text` is safe as an address: it starts with no dash and holds nothing a shell or ssh expands. */
export function safeAddress(text: string): boolean {
  return NAME.test(text) || isIPv6(text.replace(/^\[(.+)\]$/, '$1'));
}

export function safeUser(text: string): boolean {
  return NAME.test(text);
}

/** `198.51.100.7:22`, `[2001:db8::1]:22` */
export function endpointText(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
