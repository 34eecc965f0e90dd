import { LONG } from '../load/record.ts';
import { bootLabs } from '../shared-labs.ts';

/** Boots one fleet for each of the three workers: most of the time of these tests is spent waiting. The long load has one worker. */
export default async function setup(): Promise<() => Promise<void>> {
  const names = ['a', 'b', 'c'].slice(0, LONG ? 1 : 3);
  const shared = await bootLabs(names.map((name) => `e2e-${name}-${process.pid}`));
  process.env.PDEPLOY_TEST_LABS = shared.write('labs.json', shared.labs);
  return shared.end;
}
