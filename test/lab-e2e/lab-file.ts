import { readFileSync } from 'node:fs';

export type FleetHost = { readonly name: string; readonly address: string };

/** What test/lab-setup.ts tells about the lab that all these tests share. */
export type LabFile = {
  readonly name: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly hosts: readonly FleetHost[];
  readonly reference: { readonly flavour: string; readonly binary: string };
};

export function lab(): LabFile {
  const file = process.env.PDEPLOY_TEST_LAB;
  if (file === undefined) throw new Error('PDEPLOY_TEST_LAB is not set: run these tests with npm test');
  return JSON.parse(readFileSync(file, 'utf8')) as LabFile;
}

/** Caddy has no faults to rehearse with. */
export const hasFaults = (): boolean => lab().reference.flavour === 'edge';
