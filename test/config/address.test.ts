import { describe, expect, test } from 'vitest';
import { addressFault, canonicalAddress, endpoint } from '../../src/config/address.ts';

describe('addresses', () => {
  test.each([
    'edge.example.com',
    'edge.example.com.',
    'edge_1',
    '198.51.100.7',
    '2001:db8::1',
    '[2001:db8::1]',
    '::ffff:198.51.100.7',
  ])('%s can be the address of a host', (address) => {
    expect(addressFault(address)).toBeUndefined();
  });

  test.each([
    '',
    '-oProxyCommand=id',
    'a b',
    'a;id',
    'a\nb',
    '$(id)',
    '198.51.100.256',
    '198.51.100',
    'fe80::1%eth0',
    '[198.51.100.7]',
    '2001:db8::1::2',
    'user@host',
    'host:22',
    '%h',
    `${'a'.repeat(254)}`,
  ])('%j cannot', (address) => {
    expect(addressFault(address)).toMatch(/^(is not|has)/);
  });

  test.each([
    ['Edge.Example.COM.', 'edge.example.com'],
    ['2001:0DB8:0:0::0001', '2001:db8::1'],
    ['[2001:db8:0::1]', '2001:db8::1'],
    ['::ffff:198.51.100.7', '::ffff:c633:6407'],
    ['198.51.100.7', '198.51.100.7'],
  ])('%s is the same machine as %s', (address, canonical) => {
    expect(canonicalAddress(address)).toBe(canonical);
  });

  test('endpoints', () => {
    expect(endpoint('198.51.100.7', 22)).toBe('198.51.100.7:22');
    expect(endpoint('2001:db8::1', 22)).toBe('[2001:db8::1]:22');
  });
});
