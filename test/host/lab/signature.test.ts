import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_PATH } from '../../../src/host/commands.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { type Facts, newSigner, type Signer } from '../../signing.ts';
import { prepare, type ReleaseOptions, type TestRelease, testRelease } from './service.ts';
import { freshId, must, openWorld, type Trial, type World } from './world.ts';

/**
 * A stolen deploy key: whoever holds it can send any request to the agent, and does. The host has the deploy policy and
 * pins a key.
 */
describe('with a pinned key', () => {
  const SERVICE = 'signed';
  const PORT = '7651';
  const BUSYBOX = readFileSync('/bin/busybox');
  let dir: string;
  let signer: Signer;
  let world: World;
  let before: TestRelease;
  let staged: TestRelease;

  const release = (page: string, signature?: string, more: Partial<ReleaseOptions> = {}): TestRelease =>
    testRelease(SERVICE, {
      page,
      user: 'daemon',
      ...more,
      files: [
        ...(signature === undefined ? [] : [{ path: 'signature', mode: '0444', text: signature }]),
        ...(more.files ?? []),
      ],
    });
  const signed = (version: string, facts: Partial<Facts> = {}): TestRelease =>
    release(`signed ${version}`, signer.signContent(BUSYBOX, { service: SERVICE, version, ...facts }));
  const policy = (...lines: string[]) =>
    world.client.sh(
      `mkdir -p /etc/pdeploy; printf '%s\\n' ${lines.map((l) => `'${l}'`).join(' ')} >/etc/pdeploy/policy`,
    );
  const roll = async (from: TestRelease, to: TestRelease): Promise<Trial> => {
    const trial = await world.activate({ instance: PORT, from, to });
    if (trial.samples.length > 0) must(await world.commit(trial.opId, PORT));
    return trial;
  };
  const proven = (of: TestRelease) =>
    world.client.call(
      finishRequest({ opId: freshId('f'), ...world.ids, keep: [], proven: of.hostRelease.digest }),
    );
  /** The next deployment on the same host: whether it may bring a release. */
  const openNext = async () => {
    const deployment = freshId('d');
    const lease = decodeLeaseReply(
      await world.client.call(
        leaseRequest({
          opId: freshId(),
          service: SERVICE,
          deployment,
          action: 'acquire',
          holder: 'thief',
          ttlSeconds: 600,
          manual: false,
          reason: '',
        }),
      ),
    );
    const epoch = lease?.kind === 'granted' ? lease.epoch : 0;
    return (of: TestRelease, downgrade = false) =>
      prepare(world.client, of, {
        opId: freshId('p'),
        service: SERVICE,
        epoch,
        deployment,
        instances: [PORT],
        downgrade,
      });
  };
  const pid = async () => (await world.client.sh(`systemctl show -P MainPID ${SERVICE}@${PORT}`)).stdout;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'pdeploy-signed-lab-'));
    signer = newSigner(dir, 'a');
    world = await openWorld(2, SERVICE, AGENT_PATH);
    // Before the key was pinned: one release ran, another was only brought.
    before = release('before');
    staged = release('staged');
    await world.deploy(before, PORT);
    must(await world.prepare(staged, [PORT]));
    await policy('policy deploy', `service ${SERVICE}`, `minisign ${SERVICE} ${signer.publicKey}`);
  });
  afterAll(async () => {
    await world.end();
    rmSync(dir, { recursive: true, force: true });
  });

  test('the host tells which keys it pins', async () => {
    expect((await world.observe([PORT])).signing).toEqual({ keys: [signer.publicKey], version: '' });
  });

  test('nothing that is not signed gets onto the host, or is switched to', async () => {
    const running = await pid();
    const other = newSigner(dir, 'b');
    const good = signer.signContent(BUSYBOX, { service: SERVICE, version: '1.0' });
    const bad: readonly TestRelease[] = [
      release('no signature'),
      release('other key', other.signContent(BUSYBOX, { service: SERVICE })),
      release('other program', signer.signContent('another program', { service: SERVICE })),
      release('other service', signer.signContent(BUSYBOX, { service: 'other' })),
      release('changed', good.replace('version=1.0', 'version=9.0')),
      release('a script beside it', good, {
        files: [{ path: 'run.sh', mode: '0755', text: '#!/bin/sh\nid\n' }],
      }),
      release('a second program', good, { files: [{ path: 'bin/sh', mode: '0755', text: 'evil' }] }),
    ];
    for (const one of bad)
      expect(await world.prepare(one, [PORT])).toMatchObject({ kind: 'error', code: 'unsigned' });
    for (const one of [staged, ...bad]) {
      const { answer, samples } = await world.activate({ instance: PORT, from: before, to: one });
      expect(answer).toMatchObject({ kind: 'error', code: one === staged ? 'unsigned' : 'not-found' });
      expect(samples).toEqual([]);
    }
    expect(await pid()).toBe(running);
    expect(await world.page(PORT)).toBe('before');
  });

  test('nor does anything else start a program with the rights of the service', async () => {
    const test = await world.prepare(staged, [PORT], { test: ['/bin/sh', '-c', 'id >/tmp/pwned'] });
    expect(test).toMatchObject({ code: 'refused-by-policy' });
    const { answer } = await world.activate({
      instance: PORT,
      from: before,
      to: before,
      health: {
        probes: [{ kind: 'exec', argv: ['/bin/sh', '-c', 'id'], timeoutMs: 1000 }],
        listens: [],
        intervalMs: 500,
        minHealthyMs: 0,
        healthyDeadlineMs: 5000,
      },
    });
    expect(answer).toMatchObject({ code: 'refused-by-policy' });
  });

  test('a signed release rolls, goes back to what ran before, and forward again', async () => {
    const v1 = signed('1.9');
    must(await world.prepare(v1, [PORT]));
    await roll(before, v1);
    expect(await world.page(PORT)).toBe('signed 1.9');
    await roll(v1, before);
    expect(await world.page(PORT)).toBe('before');
    await roll(before, v1);
    const v2 = signed('1.10');
    must(await world.prepare(v2, [PORT]));
    const trial = await world.activate({ instance: PORT, from: v1, to: v2 });
    must(await world.rollback(trial.opId, PORT));
    expect(await world.page(PORT)).toBe('signed 1.9');
    await roll(v1, v2);
    expect(await world.page(PORT)).toBe('signed 1.10');
  });

  test('an older version does not come after one that was proven, but what ran here may come back', async () => {
    const v2 = signed('1.10');
    must(await proven(v2));
    const next = await openNext();
    expect((await world.observe([PORT])).signing.version).toBe('1.10');
    const old = signed('1.8');
    expect(await next(old)).toMatchObject({ code: 'downgrade' });
    expect(await next(old, true)).toMatchObject({ code: 'refused-by-policy' });
    const v1 = signed('1.9');
    expect(await next(v1)).toMatchObject({ kind: 'ok' });
    await policy('policy host', `minisign ${SERVICE} ${signer.publicKey}`);
    expect(await next(old, true)).toMatchObject({ kind: 'ok' });
  });
});
