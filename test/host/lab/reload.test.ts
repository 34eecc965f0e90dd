import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HealthCheck } from '../../../src/model/health.ts';
import { testRelease } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'again';
const AT = `/run/pdeploy/${SERVICE}/%i/current`;
const HEALTH: HealthCheck = {
  probes: [{ kind: 'systemd' }],
  listens: [],
  intervalMs: 200,
  minHealthyMs: 0,
  healthyDeadlineMs: 10_000,
};
// What the service serves is what it has loaded. A page that is called broken makes its reload fail.
const SCRIPT = `load() { cp /run/pdeploy/${SERVICE}/$1/current/www/index.html /run/${SERVICE}-$1; }
load $1
trap 'load $1' HUP
while :; do sleep 1 & wait $!; done
`;

const release = (page: string, more = '') =>
  testRelease(SERVICE, {
    page,
    args: `sh ${AT}/serve.sh %i`,
    files: [{ path: 'serve.sh', mode: '0644', text: SCRIPT }],
    unit: (text) =>
      text.replace(
        'TimeoutStopSec',
        `ExecReload=/bin/sh -c '! grep -q broken ${AT}/www/index.html && kill -HUP $MAINPID'\n${more}TimeoutStopSec`,
      ),
  });
const [one, two, three, broken] = ['one', 'two', 'three', 'broken'].map((page) => release(page)) as [
  ReturnType<typeof release>,
  ReturnType<typeof release>,
  ReturnType<typeof release>,
  ReturnType<typeof release>,
];
let world: World;

beforeAll(async () => {
  world = await openWorld(1, SERVICE);
  must(await world.prepare(one, ['7661']));
  const { opId } = await world.activate({ instance: '7661', from: undefined, to: one, health: HEALTH });
  must(await world.commit(opId, '7661'));
  for (const next of [two, three, broken]) must(await world.prepare(next, ['7661']));
});
afterAll(() => world.end());

const pid = async (): Promise<string> =>
  (await world.client.sh(`systemctl show -p MainPID --value ${SERVICE}@7661`)).stdout.trim();
const loaded = async (): Promise<string> => (await world.client.sh(`cat /run/${SERVICE}-7661`)).stdout;
const seen = async () => (await world.observe(['7661'])).instances.get('7661');

describe('an instance that is reloaded', () => {
  test('keeps its process and counts as running the new release', async () => {
    const before = await pid();
    for (const [from, to, page] of [
      [one, two, 'two'],
      [two, three, 'three'],
    ] as const) {
      const trial = await world.activate({ instance: '7661', from, to, health: HEALTH, reload: true });
      expect(trial.samples.at(-1)).toMatchObject({ exeMatch: true, startedAfterSwitch: true });
      must(await world.commit(trial.opId, '7661'));
      expect(await pid()).toBe(before);
      await expect.poll(loaded).toBe(page);
      expect(await seen()).toMatchObject({ running: to.hostRelease.digest, current: to.hostRelease.digest });
    }
  });

  test('goes back by a restart', async () => {
    const before = await pid();
    const trial = await world.activate({
      instance: '7661',
      from: three,
      to: two,
      health: HEALTH,
      reload: true,
    });
    must(await world.rollback(trial.opId, '7661'));
    expect(await pid()).not.toBe(before);
    expect(await loaded()).toBe('three');
    expect(await seen()).toMatchObject({ running: three.hostRelease.digest });
  });

  test('a reload that fails is told at once', async () => {
    const opId = freshId('t');
    const { answer } = await world.activate({
      ...{ opId, instance: '7661', from: three, to: broken, health: HEALTH, reload: true },
      whole: true,
    });
    expect(answer).toMatchObject({
      kind: 'error',
      code: 'failed',
      message: expect.stringContaining(`${SERVICE}@7661.service could not be reloaded`),
    });
    must(await world.rollback(opId, '7661'));
    expect(await seen()).toMatchObject({ running: three.hostRelease.digest });
  });

  test('a restart ends what a reload had said', async () => {
    const trial = await world.activate({
      instance: '7661',
      from: three,
      to: one,
      health: HEALTH,
      reload: true,
    });
    must(await world.commit(trial.opId, '7661'));
    await world.client.sh(`systemctl restart ${SERVICE}@7661`);
    expect(await seen()).toMatchObject({ running: one.hostRelease.digest });
    expect(await loaded()).toBe('one');
  });

  test('another unit is more than a reload can bring', async () => {
    const other = release('one', 'Environment=A=b\n');
    must(await world.prepare(other, ['7661']));
    const { answer } = await world.activate({
      instance: '7661',
      from: one,
      to: other,
      health: HEALTH,
      reload: true,
    });
    expect(answer).toMatchObject({ kind: 'error', code: 'conflict' });
  });
});
