import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_GROUP_DEPTH } from '../../src/config/inventory/groups.ts';
import { codesOf, hostOf, parse, valid } from './around.ts';

describe('groups', () => {
  test('members come by child groups too, each host once, in the order of the file', () => {
    const inventory = valid(`
groups:
  all-edges: { children: [us, eu], hosts: [h4] }
  eu: { hosts: ["h[1:2]"] }
  us: { hosts: [h3, h1] }
`);
    expect([...inventory.hosts.keys()]).toEqual(['h4', 'h1', 'h2', 'h3']);
    expect(inventory.groups.get('all-edges')).toEqual(['h4', 'h1', 'h2', 'h3']);
    expect(inventory.groups.get('us')).toEqual(['h1', 'h3']);
    expect(inventory.groups.get('all')).toEqual(['h4', 'h1', 'h2', 'h3']);
    expect(hostOf(inventory, 'h1').groups).toEqual(['us', 'eu', 'all-edges', 'all']);
  });

  test('hosts stand where they are first mentioned, whichever section comes first', () => {
    const orderOf = (text: string) => [...valid(text).hosts.keys()];
    const numbers = '"10": { address: a1 }, "9": { address: a2 }';
    expect(orderOf(`hosts: { b: {}, ${numbers} }\ngroups: { g: { hosts: [a, b] } }`)).toEqual([
      'b',
      '10',
      '9',
      'a',
    ]);
    expect(orderOf('groups: { g: { hosts: [a, b] } }\nhosts: { c: {}, b: {} }')).toEqual(['a', 'b', 'c']);
  });

  test('a host of a group needs no entry; without a group it belongs to all', () => {
    expect(
      hostOf(valid('groups: { g: { hosts: [only.example.com] } }'), 'only.example.com').connection,
    ).toMatchObject({
      address: 'only.example.com',
      unset: ['address', 'port', 'user'],
    });
    expect(hostOf(valid('hosts: { h: }'), 'h').groups).toEqual(['all']);
  });

  test('zone and region: the nearest wins', () => {
    const inventory = valid(`
groups:
  eu: { region: eu, zone: none, children: [eu-a] }
  eu-a: { zone: a, hosts: [h1, h2, h3] }
hosts:
  h2: { zone: b }
  h3: { region: us }
`);
    const of = (name: string) => [hostOf(inventory, name).zone, hostOf(inventory, name).region];
    expect([of('h1'), of('h2'), of('h3')]).toEqual([
      ['a', 'eu'],
      ['b', 'eu'],
      ['a', 'us'],
    ]);
    expect('zone' in hostOf(valid('hosts: { h: {} }'), 'h')).toBe(false);
  });

  test('an empty group is allowed but noted; a slip in padding too', () => {
    const result = parse('groups: { none: {}, g: { hosts: [edge-1] } }\nhosts: { edge-01: {} }');
    expect(result.ok && result.warnings.map(({ code, message, hint }) => [code, message, hint])).toEqual([
      ['PD2051', 'the group none has no hosts', undefined],
      ['PD2052', 'edge-1 has no entry under hosts, but edge-01 has', 'did you mean "edge-01"?'],
    ]);
  });

  test('nesting has a limit', () => {
    const chain = (depth: number) =>
      `groups:\n${Array.from({ length: depth }, (_, i) => `  g${i}: { children: [g${i + 1}] }\n`).join('')}  g${depth}: { hosts: [h] }\n`;
    expect(codesOf(chain(MAX_GROUP_DEPTH - 1))).toEqual([]);
    expect(codesOf(chain(MAX_GROUP_DEPTH))).toEqual(['PD2022']);
    expect(codesOf(chain(15_000))).toEqual(['PD2022']);
  });

  test('any acyclic nesting gives each group exactly what its descendants list', () => {
    const size = 7;
    const edges = fc.uniqueArray(
      fc.tuple(fc.nat(size - 1), fc.nat(size - 1)).filter(([a, b]) => a < b),
      { selector: ([a, b]) => `${a}-${b}` },
    );
    fc.assert(
      fc.property(edges, (pairs) => {
        const lines = Array.from({ length: size }, (_, i) => {
          const children = pairs.filter(([a]) => a === i).map(([, b]) => `g${b}`);
          return `  g${i}: { hosts: [h${i}], children: [${children.join(', ')}] }`;
        });
        const reach = (from: number): readonly number[] => [
          from,
          ...pairs.filter(([a]) => a === from).flatMap(([, b]) => reach(b)),
        ];
        const inventory = valid(`groups:\n${lines.join('\n')}`);
        for (let i = 0; i < size; i++) {
          const expected = [...new Set(reach(i))].sort((a, b) => a - b).map((n) => `h${n}`);
          expect(inventory.groups.get(`g${i}`)).toEqual(expected);
        }
      }),
    );
  });
});
