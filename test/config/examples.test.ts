import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/config/load.ts';
import type { Inventory } from '../../src/model/inventory.ts';

async function load(name: string): Promise<Inventory> {
  const file = fileURLToPath(new URL(`../../inventories/${name}.yaml`, import.meta.url));
  const result = await loadInventory(file, { now: new Date('2026-11-22') });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('\n'));
  expect(result.warnings).toEqual([]);
  return result.inventory;
}

/** Addresses that nobody has: RFC 5737, RFC 3849, RFC 2606. */
const DOCUMENTATION = /^(?:198\.51\.100\.|203\.0\.113\.|2001:db8:)|\.example\.com$/;

describe('the examples', () => {
  test('prod: two regions, three zones, two balancers and a bastion a region, two instances a host', async () => {
    const prod = await load('prod');
    const hosts = [...prod.hosts.values()];
    expect([prod.name, prod.file]).toEqual(['prod', 'inventories/prod.yaml']);
    expect(new Set(hosts.map((host) => host.region))).toEqual(new Set(['eu', 'us']));
    expect(new Set(hosts.map((host) => host.zone))).toEqual(new Set(['eu-a', 'eu-b', 'us-a']));
    for (const region of ['eu', 'us']) {
      const bastion = hosts.find((host) => host.name === `bastion-${region}`);
      expect(bastion?.connection.hostKeys.length).toBeGreaterThan(0);
      expect(bastion?.connection.jump).toEqual([]);
      expect(prod.groups.get(`lb-${region}`)).toHaveLength(2);
      const behind = hosts.filter((host) => host.region === region && host !== bastion);
      for (const host of behind)
        expect(host.connection.jump.map(({ name }) => name)).toEqual([bastion?.name]);
    }
    const edges = hosts.filter((host) => host.groups.includes('edge'));
    expect(edges).toHaveLength(10);
    expect(edges.map((host) => host.instances.length)).toEqual(Array.from({ length: 10 }, () => 2));
    expect(edges.filter((host) => host.cordon !== undefined).map(({ name }) => name)).toEqual(['edge-07']);
  });

  test('staging: one region, one balancer, two hosts', async () => {
    const staging = await load('staging');
    expect(staging.groups.get('edge')).toEqual(['edge-staging-a', 'edge-staging-b']);
    expect(staging.groups.get('balancers')).toEqual(['lb-staging']);
    expect([...staging.hosts.values()].flatMap((host) => host.instances)).toHaveLength(4);
  });

  test.each(['prod', 'staging'])('%s only has addresses nobody has', async (name) => {
    for (const { connection } of (await load(name)).hosts.values())
      expect(connection.address).toMatch(DOCUMENTATION);
  });
});
