import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab-state.ts';
import { FRONT_PORT, serversOf, startLabHaproxy, stopLabHaproxy } from '../load/lab-haproxy.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { ownPlaybook } from './playbook.ts';

const PLAYBOOK = ownPlaybook({
  service: "drain: [haproxy({ balancers: ['lb'], backend: 'edge', wait: '5s' })],",
  health: `through: {
    url: 'http://shop.example:${FRONT_PORT}/',
    balancers: ['lb'],
    expect: {
      instance: { in: 'x-server', is: \`\${i.host}-\${i.name}\` },
      release: 'x-release',
      pid: 'x-pid',
    },
  },`,
});
const SERVERS = ['edge-01-1', 'edge-02-1'];

describe.runIf(hasFaults())('behind a HAProxy', () => {
  let fleet: Fleet;
  let balancer: LabHost;
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3, balancer: true });
    fleet.write('playbooks/rollout.ts', PLAYBOOK);
    balancer = await fleet.labHost('edge-03');
    await stopLabHaproxy(balancer);
    const servers = fleet.hosts
      .slice(0, 2)
      .map((h) => ({ name: `${h.name}-1`, address: h.address, port: 6188 }));
    await startLabHaproxy(balancer, servers);
    await fleet.install('v1');
  });
  beforeEach(async () => {
    await expect.poll(standing, { timeout: 30_000 }).toEqual(['UP', 'UP']);
  });
  afterAll(async () => {
    await stopLabHaproxy(balancer);
    await fleet.end();
  });

  const standing = async (): Promise<readonly string[]> => {
    const servers = await serversOf(balancer);
    return SERVERS.map((name) => servers.get(name) ?? '');
  };
  const notes = async (): Promise<string> =>
    (await fleet.ssh('edge-03', 'ls -A /run/pdeploy/edge/.drained 2>/dev/null')).stdout.trim();

  test('each instance is out of traffic while it is touched, and no request is lost', async () => {
    const load = keepAsking(`http://${balancer.address}:8000/`);
    const ran = await fleet.rollout('v2', '-e', 'workers=3');
    const back = await fleet.pdeploy('rollback', '-i', 'lab', '--yes', '--min-healthy-time', '500ms');
    const seen = await load.end();
    expect(ran.code, ran.text).toBe(0);
    expect(ran.text).toMatch(/each +drain haproxy edge-03 \(5 s\), restart/);
    expect(ran.text).toMatch(/edge-01@1 +traffic +ok through edge-03 \d.*, \d+ requests/);
    expect(back.code, back.text).toBe(0);
    expect(seen.failed).toEqual([]);
    expect(seen.good).toBeGreaterThan(100);
    const flow = (await fleet.events()).flatMap((e) =>
      'instance' in e && e.instance === 'edge-01@1' && e.type !== 'health.probed' ? [e.type] : [],
    );
    expect(flow).toEqual([
      'update.started',
      'drain.started',
      'drain.finished',
      'update.switched',
      'instance.healthy',
      'undrain.finished',
      'traffic.seen',
      'instance.committed',
    ]);
    expect(await standing()).toEqual(['UP', 'UP']);
    expect(await notes()).toBe('');
  });

  test('a release that never gets healthy never gets traffic, and the old one does again', async () => {
    const load = keepAsking(`http://${balancer.address}:8000/`);
    const ran = await fleet.rollout(
      'v3',
      '--healthy-deadline',
      '3s',
      '-e',
      'workers=4',
      '-e',
      'fault={"never_ready":true}',
    );
    const seen = await load.end();
    expect(ran.code, ran.text).toBe(4);
    expect(seen.failed).toEqual([]);
    await expect.poll(standing, { timeout: 20_000 }).toEqual(['UP', 'UP']);
    expect(await notes()).toBe('');
  });

  test('a release that is ready but answers clients with 500 goes back, and is drained before it does', async () => {
    const load = keepAsking(`http://${balancer.address}:${FRONT_PORT}/`);
    const broken = ['-e', 'workers=4', '-e', 'fault={"error_ratio":1}'];
    const ran = await fleet.rollout('v3b', '--healthy-deadline', '20s', ...broken);
    const seen = await load.end();
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain(
      `PD4032: is wrong at http://shop.example:${FRONT_PORT}/ through edge-03: answered 500`,
    );
    // What the release itself said while it was the canary; nobody was refused or cut off.
    expect(seen.failed.filter((why) => why !== 'status 500')).toEqual([]);
    const flow = (await fleet.events()).flatMap((e) =>
      'instance' in e && e.instance === 'edge-01@1' && e.type !== 'health.probed' ? [e.type] : [],
    );
    expect(flow).toEqual([
      'update.started',
      'drain.started',
      'drain.finished',
      'update.switched',
      'instance.healthy',
      'undrain.finished',
      'traffic.failed',
      'drain.started',
      'drain.finished',
      'instance.failed',
      'revert.started',
      'undrain.finished',
      'traffic.seen',
      'instance.reverted',
    ]);
    expect(await standing()).toEqual(['UP', 'UP']);
    expect(await notes()).toBe('');
  });

  test('a controller that died in the middle: resume brings it back, with or without a record', async () => {
    for (const who of ['own', 'other'] as const) {
      const args = fleet.rolloutArgs('v4', '-e', `workers=${who === 'own' ? 5 : 6}`);
      const killed = await fleet.startFailing('event.drain.finished.after:kill', ...args).done;
      expect(killed.code).not.toBe(0);
      expect((await standing())[0]).toBe('DRAIN');
      expect((await fleet.ssh('edge-03', 'systemctl list-timers --all')).stdout).toContain(
        'pdeploy-undrain-',
      );
      if (who === 'own') {
        const resumed = await fleet.pdeploy('resume');
        expect(resumed.code, resumed.text).toBe(0);
      } else {
        const other = fleet.colleague('other');
        other.write('playbooks/rollout.ts', PLAYBOOK);
        await other.pdeploy('lock', 'release', '-i', 'lab', '--yes');
        const settled = await other.pdeploy('resume', '-i', 'lab');
        expect(settled.text).toContain('back in traffic: edge/edge-01-1');
      }
      await expect.poll(standing, { timeout: 20_000 }).toEqual(['UP', 'UP']);
      expect(await notes()).toBe('');
    }
  });

  test('a balancer that cannot drain stops everything before anything is touched', async () => {
    const pids = await fleet.mainPids();
    await fleet.ssh('edge-03', 'systemctl stop haproxy; rm -f /run/haproxy/admin.sock');
    const ran = await fleet.rollout('v9', '-e', 'workers=9');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.stderr).toContain(
      'error PD3061: edge-03 cannot drain: there is no socket /run/haproxy/admin.sock',
    );
    expect(ran.stderr).toContain(
      `edge-03 does not answer http://shop.example:${FRONT_PORT}/ when asked from here: connection refused`,
    );
    expect(await fleet.mainPids()).toEqual(pids);
  });
});

/** New connections and kept ones in turn, a few at once, until it is told to end. */
function keepAsking(url: string) {
  const failed: string[] = [];
  let good = 0;
  let on = true;
  const client = async (kept: boolean): Promise<void> => {
    while (on) {
      try {
        const got = await fetch(url, kept ? {} : { headers: { connection: 'close' } });
        await got.text();
        if (got.ok) good += 1;
        else failed.push(`status ${got.status}`);
      } catch (error) {
        failed.push(String((error as Error).cause ?? error));
      }
      await new Promise((r) => setTimeout(r, 20));
    }
  };
  const clients = [true, true, false, false].map(client);
  return {
    end: async () => {
      on = false;
      await Promise.all(clients);
      return { failed, good };
    },
  };
}
