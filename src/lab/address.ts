/** How many /24 networks 198.18.0.0/15 has; the range is reserved for tests between networks (RFC 2544). */
export const SUBNETS = 512;

/** Slots 1 (the machine) to 10 are kept free; a host has one from here on. */
export const FIRST_SLOT = 11;
export const LAST_SLOT = 250;

/** The address with the last number `slot` in a /24 given by its number, 0 to 511. */
export function addressIn(subnet: number, slot: number): string {
  return `198.${18 + (subnet >> 8)}.${subnet & 255}.${slot}`;
}

/** The number of the /24 that an address is in; `undefined` outside of 198.18.0.0/15. */
export function subnetOf(address: string): number | undefined {
  const [first, second, third] = address.split('.').map(Number);
  if (first !== 198 || (second !== 18 && second !== 19) || third === undefined) return undefined;
  return (second - 18) * 256 + third;
}
