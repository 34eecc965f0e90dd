import { bootLabs } from './shared-labs.ts';

/** Boots the fleet that all lab tests share. Takes it down again. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = await bootLabs([`suite-${process.pid}`]);
  process.env.PDEPLOY_TEST_LAB = shared.write('lab.json', shared.labs[0]);
  return shared.end;
}
