import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/model/host.ts';
import { safeAddress, safeUser } from '../../src/transport/names.ts';
import { payloads } from '../resource/payloads.ts';
import { parse } from './around.ts';

const COUNT = 5_000;
const TEXTS = payloads(COUNT, '/tmp/pwn-');

/** What has to be true of every name that is accepted: nothing that means anything to a shell, ssh or systemd. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const isPlain = (text: string): boolean => PLAIN.test(text);

type Field = {
  readonly field: string;
  readonly put: (text: string) => object;
  readonly get: (host: Host) => unknown;
  /** What may be accepted at all. Absent: anything that arrives as it is. */
  readonly safe?: (text: string) => boolean;
};

const FIELDS: readonly Field[] = [
  { field: 'address', put: (v) => ({ address: v }), get: (h) => h.connection.address, safe: safeAddress },
  { field: 'user', put: (v) => ({ user: v }), get: (h) => h.connection.user, safe: safeUser },
  {
    field: 'identity',
    put: (v) => ({ identity: `/k/${v}` }),
    get: (h) => h.connection.identities[0]?.slice(3),
  },
  {
    field: 'known_hosts',
    put: (v) => ({ known_hosts: `/k/${v}` }),
    get: (h) => h.connection.knownHosts[0]?.slice(3),
  },
  {
    field: 'host_key',
    put: (v) => ({ host_key: v }),
    get: (h) => h.connection.hostKeys[0],
    safe: () => false,
  },
  { field: 'jump', put: (v) => ({ jump: v }), get: (h) => h.connection.jump[0]?.address, safe: safeAddress },
  { field: 'port', put: (v) => ({ port: v }), get: (h) => h.connection.port, safe: () => false },
  {
    field: 'transport',
    put: (v) => ({ transport: v }),
    get: (h) => h.connection.transport,
    safe: () => false,
  },
  { field: 'zone', put: (v) => ({ zone: v }), get: (h) => h.zone, safe: isPlain },
  { field: 'region', put: (v) => ({ region: v }), get: (h) => h.region, safe: isPlain },
  { field: 'cordon', put: (v) => ({ cordon: { reason: v } }), get: (h) => h.cordon?.reason },
  { field: 'a variable', put: (v) => ({ vars: { x: v } }), get: (h) => h.vars.get('x') },
  {
    field: 'a deep variable',
    put: (v) => ({ vars: { x: [{ y: v }] } }),
    get: (h) => JSON.parse(JSON.stringify(h.vars.get('x')))[0].y,
  },
];

const NAMES: readonly { readonly name: string; readonly inventory: (text: string) => object }[] = [
  { name: 'a host', inventory: (v) => ({ hosts: { [v]: {} } }) },
  { name: 'a group', inventory: (v) => ({ hosts: { a: {} }, groups: { [v]: { hosts: ['a'] } } }) },
  { name: 'a host of a group', inventory: (v) => ({ groups: { g: { hosts: [v] } } }) },
  { name: 'a variable', inventory: (v) => ({ vars: { [v]: 1 }, hosts: { a: {} } }) },
  {
    name: 'a service',
    inventory: (v) => ({ hosts: { a: {} }, services: { [v]: { on: 'all', instances: { 1: {} } } } }),
  },
  {
    name: 'an instance',
    inventory: (v) => ({ hosts: { a: {} }, services: { edge: { on: 'all', instances: { [v]: {} } } } }),
  },
];

describe('of 5,000 hostile texts', () => {
  test.each(FIELDS)('each is refused as $field of a host, or arrives as it is', ({ put, get, safe }) => {
    let accepted = 0;
    for (const text of TEXTS) {
      const result = parse(JSON.stringify({ hosts: { a: put(text) } }));
      if (!result.ok) {
        expect(result.problems.some(({ at }) => at?.line === 1 && at.col > 1)).toBe(true);
        continue;
      }
      accepted += 1;
      const host = result.inventory.hosts.get('a');
      if (host === undefined) throw new Error('no host');
      expect(get(host)).toBe(text);
      if (safe !== undefined) expect(safe(text)).toBe(true);
    }
    if (safe === undefined) expect(accepted).toBeGreaterThan(COUNT / 4);
    else expect(accepted).toBeLessThan(COUNT / 50);
  });

  test.each(NAMES)('each is refused as the name of $name, unless it is plain', ({ inventory }) => {
    const odd = TEXTS.filter((text) => parse(JSON.stringify(inventory(text))).ok && !PLAIN.test(text));
    expect(odd).toEqual([]);
  });
});
