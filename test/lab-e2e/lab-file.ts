import { readFileSync } from 'node:fs';
import type { SharedLab } from '../shared-labs.ts';

/** The lab of this worker; no other test file uses it meanwhile. */
export function lab(): SharedLab {
  const file = process.env.PDEPLOY_TEST_LABS;
  if (file === undefined) throw new Error('PDEPLOY_TEST_LABS is not set: run these tests with npm test');
  const labs = JSON.parse(readFileSync(file, 'utf8')) as readonly SharedLab[];
  const own = labs[(Number(process.env.VITEST_POOL_ID ?? 1) - 1) % labs.length];
  if (own === undefined) throw new Error(`${file} names no lab`);
  return own;
}

/** Caddy has no faults to rehearse with. */
export const hasFaults = (): boolean => lab().reference.flavour === 'edge';
