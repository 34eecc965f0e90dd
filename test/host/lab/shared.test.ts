import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packTarBuffer, type TarEntry } from '../../../src/host/tar.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { hostEntries, type PrepareInput, prepareRequest } from '../../../src/host/verbs/prepare.ts';
import { type TestRelease, testRelease } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'share';
let world: World;

beforeAll(async () => {
  world = await openWorld(1, SERVICE);
});
afterAll(() => world.end());

type MemoryEntry = Extract<TarEntry, { content: Uint8Array }>;

/** Sends all of a release but its binary, which the host is to take from another release. */
async function prepareFrom(release: TestRelease, other: TestRelease): Promise<string> {
  const input: PrepareInput = {
    opId: freshId('p'),
    ...world.ids,
    release: { id: release.hostRelease.digest, label: 'x', createdAt: '', metadata: {} },
    hostRelease: release.hostRelease,
    instances: ['7651'],
    ops: [],
    content: 'tar',
    reuse: other.hostRelease.digest,
  };
  const entries = [...release.entries, ...hostEntries(input)].filter(
    (e): e is MemoryEntry => 'content' in e && !e.path.startsWith('release/bin/'),
  );
  const header = Buffer.from(prepareRequest(input).header);
  const ran = await world.client.raw(Buffer.concat([header, packTarBuffer(entries)]));
  return ran.stdout.trim().split('\n').at(-1)?.split(' ')[3] ?? '';
}

const dirOf = (release: TestRelease): string =>
  `/opt/pdeploy/${SERVICE}/releases/${release.hostRelease.digest}`;

/** The agent's stamp and one taken now are the same: no digest had to be read to know that. */
async function stampHolds(release: TestRelease): Promise<boolean> {
  const now = `find . -type f ! -path ./.verified ! -path ./meta ! -path ./env -printf '%P %i %s %C@\\n'`;
  return (await world.client.sh(`cd ${dirOf(release)} && ${now} | cmp - .verified`)).code === 0;
}

async function intact(): Promise<ReadonlyMap<string, boolean>> {
  const { releases } = await world.observe([]);
  return new Map(releases.map((r) => [r.digest, r.intact]));
}

describe('releases with the same binary', () => {
  const [one, two, three] = ['s1', 's2', 's3'].map((page) => testRelease(SERVICE, { page })) as [
    TestRelease,
    TestRelease,
    TestRelease,
  ];
  const releases = [one, two, three];

  test('share its file, and every stamp holds', async () => {
    must(await world.prepare(one, ['7651']));
    expect(await prepareFrom(two, one)).toBe('ok');
    expect(await prepareFrom(three, two)).toBe('ok');
    const inodes = await world.client.sh(
      `stat -c %i ${releases.map((r) => `${dirOf(r)}/bin/busybox`).join(' ')}`,
    );
    expect(new Set(inodes.stdout.trim().split('\n')).size).toBe(1);
    expect(await Promise.all(releases.map(stampHolds))).toEqual([true, true, true]);
  });

  test('a process of one is not taken for one of the other', async () => {
    const first = await world.activate({ instance: '7651', from: undefined, to: one });
    must(await world.commit(first.opId, '7651'));
    // Someone moves the link, and nothing is restarted.
    const moved = await world.activate({ instance: '7651', from: one, to: two });
    expect(moved.samples.at(-1)?.exeMatch).toBe(true);
    must(await world.rollback(moved.opId, '7651'));
    await world.client.sh(`ln -sfnT ${dirOf(two)} /run/pdeploy/${SERVICE}/7651/current`);
    const seen = (await world.observe(['7651'])).instances.get('7651');
    expect(seen?.running).toBe(one.hostRelease.digest);
  });

  test('one of them goes, and the stamps of the others hold', async () => {
    must(
      await world.client.call(
        finishRequest({
          opId: freshId('fin'),
          ...world.ids,
          keep: [one.hostRelease.digest, two.hostRelease.digest],
        }),
      ),
    );
    expect((await world.client.sh(`test -e ${dirOf(three)}`)).code).toBe(1);
    expect(await Promise.all([one, two].map(stampHolds))).toEqual([true, true]);
  });

  test('a link that a backup made changes the stamp, and the digests speak for the release', async () => {
    await world.client.sh(`ln ${dirOf(one)}/bin/busybox /opt/pdeploy/backup`);
    expect(await stampHolds(one)).toBe(false);
    expect([...(await intact()).values()]).toEqual([true, true]);
  });

  test('a byte that somebody changed is seen in both, whatever its time says', async () => {
    await world.client.sh(
      `systemctl stop ${SERVICE}@7651; cd ${dirOf(one)}/bin && printf X | dd of=busybox bs=1 seek=4000 conv=notrunc; touch -d @0 busybox`,
    );
    expect([...(await intact()).values()]).toEqual([false, false]);
  });
});
