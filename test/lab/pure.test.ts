import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addressIn, FIRST_SLOT, LAST_SLOT, SUBNETS, subnetOf } from '../../src/lab/address.ts';
import { RECIPE, recipeKey } from '../../src/lab/base-recipe.ts';
import { parsePartition, partitionRules } from '../../src/lab/faults.ts';
import { type LabRecord, labFrom } from '../../src/lab/lab-state.ts';
import { bridgeMac, bridgeName } from '../../src/lab/network.ts';
import { checkName, labPaths, stateDirectory } from '../../src/lab/paths.ts';
import { parseStat } from '../../src/lab/process-id.ts';

describe('addresses', () => {
  it('stay within 198.18.0.0/15 and name their network again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: SUBNETS - 1 }),
        fc.integer({ min: FIRST_SLOT, max: LAST_SLOT }),
        (subnet, slot) => {
          const address = addressIn(subnet, slot);
          expect(address).toMatch(/^198\.1[89]\.\d{1,3}\.\d{1,3}$/);
          expect(subnetOf(address)).toBe(subnet);
        },
      ),
    );
  });

  it.each(['198.17.1.1', '198.20.0.1', '10.18.0.1', 'default', ''])('%s is in none of them', (address) => {
    expect(subnetOf(address)).toBeUndefined();
  });
});

describe('names', () => {
  it.each(['', '-a', 'a-', 'A', '../x', 'a/b', 'a b', 'a'.repeat(32)])('%j is refused', (name) => {
    expect(() => checkName('lab name', name)).toThrow(
      expect.objectContaining({ code: 'PD6011', exitCode: 2 }),
    );
  });

  it('of links fit the kernel and differ between labs of one name', () => {
    const record: LabRecord = {
      version: 1,
      name: 'lab',
      subnet: 511,
      instances: 1,
      inventories: [],
      hosts: [{ name: 'edge-01', slot: LAST_SLOT, zone: 'a', base: '/base' }],
    };
    const link = labFrom(record).hosts[0]?.link ?? '';
    expect(link.length).toBeLessThanOrEqual(15);
    expect(bridgeName(511).length).toBeLessThanOrEqual(15);
    expect(labPaths('lab', { XDG_STATE_HOME: '/a' }).id).not.toBe(
      labPaths('lab', { XDG_STATE_HOME: '/b' }).id,
    );
  });

  it('of bridges are locally administered unicast', () => {
    expect(bridgeMac('3092a9d1cbc0')).toBe('02:30:92:a9:d1:cb');
  });

  it('of the state directory ignore a relative XDG_STATE_HOME', () => {
    expect(stateDirectory({ XDG_STATE_HOME: 'here' })).toBe(stateDirectory({}));
  });
});

describe('parseStat', () => {
  const line = (name: string, state: string) =>
    `77 (${name}) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21\n`;

  it('is not misled by what a process calls itself', () => {
    expect(parseStat(line('a) S 1 2 (b', 'S'))).toEqual({ pid: 77, start: 4242 });
  });

  it.each(['', 'junk', line('x', 'Z'), '77 (x) S 1'])('does not take %j for a process that runs', (text) => {
    expect(parseStat(text)).toBeUndefined();
  });
});

describe('partitions', () => {
  it('are filters for the directions and ports that were asked for', () => {
    expect(partitionRules({ direction: 'both', kind: 'rst', ports: [22, 6188] })).toMatchInlineSnapshot(`
      "table inet pdeploy_lab
      delete table inet pdeploy_lab
      table inet pdeploy_lab {
        chain in {
          type filter hook input priority -300;
          tcp flags & rst == rst accept
          iifname != "lo" tcp dport { 22, 6188 } meta l4proto tcp reject with tcp reset
          iifname != "lo" tcp dport { 22, 6188 } drop
        }
        chain out {
          type filter hook output priority -300;
          tcp flags & rst == rst accept
          oifname != "lo" tcp sport { 22, 6188 } meta l4proto tcp reject with tcp reset
          oifname != "lo" tcp sport { 22, 6188 } drop
        }
      }
      "
    `);
  });

  it('are read from flags', () => {
    expect(parsePartition('in', 'drop', '22,6188')).toEqual({
      direction: 'in',
      kind: 'drop',
      ports: [22, 6188],
    });
    expect(() => parsePartition('in', 'drop', '22,x')).toThrow(expect.objectContaining({ code: 'PD6011' }));
    expect(() => parsePartition('up', 'drop', undefined)).toThrow(
      expect.objectContaining({ code: 'PD6011' }),
    );
  });
});

describe('the base image', () => {
  it('has a new key when any part of its recipe or the processor changes', () => {
    const keys = [
      recipeKey(RECIPE, 'x64'),
      recipeKey(RECIPE, 'arm64'),
      recipeKey({ ...RECIPE, packages: [...RECIPE.packages, 'tcpdump'] }, 'x64'),
      recipeKey({ ...RECIPE, files: new Map() }, 'x64'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(recipeKey({ ...RECIPE }, 'x64')).toBe(keys[0]);
  });
});
