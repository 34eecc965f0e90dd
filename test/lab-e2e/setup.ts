import { bootLabs } from '../shared-labs.ts';

/** Boots one fleet for each of the three workers: most of the time of these tests is spent waiting. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = await bootLabs([`e2e-a-${process.pid}`, `e2e-b-${process.pid}`, `e2e-c-${process.pid}`]);
  process.env.PDEPLOY_TEST_LABS = shared.write('labs.json', shared.labs);
  return shared.end;
}
