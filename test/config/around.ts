import type { Surroundings } from '../../src/config/inventory/build.ts';
import { type InventoryResult, parseInventory } from '../../src/config/parse.ts';
import { renderProblems } from '../../src/config/problems.ts';
import type { Host } from '../../src/model/host.ts';
import type { Inventory } from '../../src/model/inventory.ts';

/** A fixed day, home and person, so that results do not depend on the machine. */
export const AROUND: Surroundings = {
  extraVars: new Map(),
  now: new Date('2026-11-22T12:00:00Z'),
  home: '/home/ops',
  user: 'ops',
  dir: '/project/inventories',
};

export function parse(text: string, around: Partial<Surroundings> = {}): InventoryResult {
  return parseInventory(text, 'prod.yaml', { ...AROUND, ...around });
}

/** The inventory of a text that has to be right. */
export function valid(text: string, around: Partial<Surroundings> = {}): Inventory {
  const result = parse(text, around);
  if (!result.ok) throw new Error(renderProblems(result.problems));
  return result.inventory;
}

export function hostOf(inventory: Inventory, name: string): Host {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

/** Codes of what is wrong with a text; empty when nothing is. */
export function codesOf(text: string, around: Partial<Surroundings> = {}): readonly string[] {
  const result = parse(text, around);
  return result.ok ? [] : result.problems.map((problem) => problem.code);
}
