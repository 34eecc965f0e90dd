import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../src/config/selector/glob.ts';
import { selectText } from '../../src/config/selector/select.ts';
import { valid } from './around.ts';

const HOSTS = Array.from({ length: 8 }, (_, i) => `h${i}`);
const GROUPS = ['a', 'b', 'c'];

/** Random membership of three groups; two instances of one service on every host. */
const inventories = fc
  .tuple(...GROUPS.map(() => fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1 })))
  .map((members) => {
    const groups = members.map((hosts, i) => `  ${GROUPS[i]}: { hosts: [${hosts.join(', ')}] }`).join('\n');
    const hosts = HOSTS.map((host) => `  ${host}: {}`).join('\n');
    return valid(`hosts:\n${hosts}\ngroups:\n${groups}\nservices: { s: { on: all, instances: ["1", "2"] } }`);
  });
const operand = fc.constantFrom(...GROUPS, ...HOSTS, 'all', 'h*', 'h?', 'h3@1', 'b@2', 'h[2:5]');
const term = fc.tuple(fc.constantFrom('', '&', '!'), operand).map(([sign, name]) => sign + name);

type Model = Parameters<typeof selectText>[0];

/** Hosts and instances as one set of ids; a host itself is `h1`, an instance `h1@1`. Choosing nothing is empty. */
function ids(inventory: Model, text: string): ReadonlySet<string> {
  const result = selectText(inventory, text);
  if (!result.ok) return new Set();
  const instances = result.selection.instances.map((instance) => instance.id);
  return new Set([...result.selection.hosts, ...instances]);
}

function instancesOf(inventory: Model, text: string): ReadonlySet<string> {
  return new Set([...ids(inventory, text)].filter((id) => id.includes('@')));
}

function filtered(set: ReadonlySet<string>, keep: (id: string) => boolean): ReadonlySet<string> {
  return new Set([...set].filter(keep));
}

describe('selectors are set algebra', () => {
  test('a:b is the union, a:&b the intersection, a:!b the difference', () => {
    fc.assert(
      fc.property(inventories, operand, operand, (inventory, a, b) => {
        const [left, right] = [instancesOf(inventory, a), instancesOf(inventory, b)];
        expect(instancesOf(inventory, `${a}:${b}`)).toEqual(new Set([...left, ...right]));
        expect(instancesOf(inventory, `${a}:&${b}`)).toEqual(filtered(left, (id) => right.has(id)));
        expect(instancesOf(inventory, `${a}:!${b}`)).toEqual(filtered(left, (id) => !right.has(id)));
      }),
    );
  });

  test('without anything added, everything is', () => {
    fc.assert(
      fc.property(inventories, operand, (inventory, a) => {
        expect(ids(inventory, `!${a}`)).toEqual(ids(inventory, `all:!${a}`));
        expect(ids(inventory, `&${a}`)).toEqual(ids(inventory, `all:&${a}`));
      }),
    );
  });

  test('the order of terms and the kind of separator do not matter', () => {
    const lists = fc.array(term, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(inventories, lists, fc.infiniteStream(fc.nat()), (inventory, terms, random) => {
        const shuffled = terms
          .map((text) => ({ text, at: random.next().value ?? 0 }))
          .toSorted((x, y) => x.at - y.at)
          .map(({ text }) => text);
        expect(ids(inventory, shuffled.join(','))).toEqual(ids(inventory, terms.join(':')));
      }),
    );
  });

  test('the result is in the order of the inventory and without repetition', () => {
    fc.assert(
      fc.property(inventories, fc.array(term, { minLength: 1, maxLength: 6 }), (inventory, terms) => {
        const result = selectText(inventory, terms.join(':'));
        const hosts = result.ok ? result.selection.hosts : [];
        const instances = result.ok ? result.selection.instances : [];
        const all = [...inventory.hosts.values()];
        expect(hosts).toEqual(all.map(({ name }) => name).filter((name) => hosts.includes(name)));
        expect(instances).toEqual(
          all.flatMap((host) => host.instances).filter((one) => instances.includes(one)),
        );
      }),
    );
  });
});

describe('matchesGlob', () => {
  test('agrees with the regular expression that says the same', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    fc.assert(
      fc.property(glob, text, (pattern, name) => {
        const oracle = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesGlob(pattern, name)).toBe(oracle.test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not hang on many stars', () => {
    const started = performance.now();
    expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(253))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
