import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cut, uncut } from '../../src/lab/faults.ts';
import type { Pair } from '../certs/authority.ts';
import { NAMES, openCertsFleet, places, print, refusedByClients } from './certs-fleet.ts';
import type { Fleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { tlsLoad } from './tls-load.ts';

// Caddy is not given a certificate by the shipped playbook.
describe.runIf(hasFaults())('certs rotate', () => {
  let fleet: Fleet;
  let certs: Awaited<ReturnType<typeof openCertsFleet>>;
  let now: Pair;
  beforeAll(async () => {
    certs = await openCertsFleet();
    ({ fleet } = certs);
    now = certs.authority.issue([...NAMES, 'old.test']);
    certs.bring(now);
    await fleet.install('v1', ...certs.vars, '-e', 'grace_seconds=1', '--healthy-deadline', '60s');
  });
  afterAll(() => fleet.end());

  const next = (): Pair => {
    const pair = certs.authority.issue(NAMES);
    certs.bring(pair);
    return pair;
  };
  const all = (pair: Pair): readonly string[] => places(fleet).map(() => print(pair));

  test('brings a new certificate under load, without a failed request and without the binary', async () => {
    now = next();
    // More names than are asked for are not given up by accident.
    const narrow = await certs.rotate();
    expect([narrow.code, narrow.stderr]).toEqual([3, expect.stringContaining('not good for DNS:old.test')]);
    expect(narrow.stderr).toContain('error PD3507');
    const load = tlsLoad(places(fleet), 'shop.test');
    const ran = await certs.rotate('--allow-san-removal');
    const { answered, failed } = await load.end();
    expect(ran.code, ran.text).toBe(0);
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await certs.served()).toEqual(all(now));
    const events = await fleet.events();
    const sent = events.flatMap((e) => (e.type === 'prepare.finished' ? [e.bytesSent] : []));
    expect(sent).toHaveLength(3);
    expect(Math.max(...sent)).toBeLessThan(20_000);
    const seen = await certs.status();
    expect(seen.code, seen.text).toBe(0);
    // Nothing that is kept or printed has the key.
    const secret = now.key.split('\n')[1] ?? '';
    const found = await fleet.local(
      'grep',
      '-rFl',
      '--',
      secret,
      `${fleet.dir}/.pdeploy`,
      `${fleet.dir}/cache`,
    );
    expect([found.code, found.stdout, ran.text.includes(secret)]).toEqual([1, '', false]);

    const again = await certs.rotate();
    expect(again.code, again.text).toBe(0);
    expect(again.text).toMatch(/runs v1\+cert-[0-9a-f]{7} already\. Nothing has been changed\./);
    // The rollout of the same thing finds nothing to do either, but for its label.
    const same = await fleet.pdeploy(
      'plan',
      '-i',
      'lab',
      ...certs.vars,
      '-e',
      'grace_seconds=1',
      '--detailed-exitcode',
    );
    expect(same.code, same.text).toBe(0);
  });

  test('what is not good is refused before anything is touched', async () => {
    const { authority } = certs;
    const good = authority.issue(NAMES);
    const alone = `${good.cert.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`;
    const cases: readonly (readonly [Pair, string])[] = [
      [{ ...good, key: now.key }, 'PD3502'],
      [{ ...good, cert: alone }, 'PD3503'],
      [authority.issue(NAMES, { from: 1 }), 'PD3504'],
      [authority.issue(NAMES, { until: -1 }), 'PD3505'],
      [authority.issue(['shop.test']), 'PD3506'],
      [authority.issue(NAMES, { rsaBits: 1_024 }), 'PD3508'],
    ];
    const pids = await fleet.mainPids();
    for (const [pair, code] of cases) {
      certs.bring(pair);
      const ran = await certs.rotate();
      expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining(`error ${code}: certificate site`)]);
    }
    expect(await fleet.mainPids()).toEqual(pids);
  });

  test('an instance whose host is cut off in the middle goes back', async () => {
    next();
    const host = await fleet.labHost('edge-02');
    const run = fleet.start(...certs.rotateArgs('--limit', 'edge-02:edge-03', '--healthy-deadline', '4s'));
    await run.says(/edge-02@1 {2}switch/);
    await cut(host);
    const ran = await run.done;
    expect([4, 5], ran.text).toContain(ran.code);
    await uncut(host);
    // Its guard takes it back, whoever watches.
    await expect.poll(certs.served, { timeout: 100_000, interval: 1_000 }).toEqual(all(now));
  });

  test('instances that hand over do so with a new certificate, and back with one that clients refuse', async () => {
    const limit = ['--limit', 'edge-01', '-e', 'grace_seconds=1'];
    const over = [...limit, '-e', 'activation=handover'];
    certs.bring(now);
    // The unit that starts successors comes with a restart.
    const first = await fleet.rollout(
      'v-over',
      '--wave',
      '100%',
      ...limit,
      '-e',
      'activation=auto',
      '--healthy-deadline',
      '60s',
      ...certs.vars,
    );
    expect(first.code, first.text).toBe(0);
    const since = async (): Promise<string> =>
      (await fleet.ssh('edge-01', 'systemctl show -P ActiveEnterTimestampMonotonic edge@1 edge@2')).stdout;
    const began = await since();

    const old = now;
    now = next();
    const plan = await certs.rotate(...over, '--check');
    expect(plan.text).toContain('2 handovers on 1 host');
    const load = tlsLoad(places(fleet).slice(0, 2), 'shop.test');
    const ran = await certs.rotate(...over);
    const { answered, failed } = await load.end();
    expect(ran.code, ran.text).toBe(0);
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect((await certs.served()).slice(0, 2)).toEqual([print(now), print(now)]);
    expect(await since()).toBe(began);
    expect(print(now)).not.toBe(print(old));

    certs.bring(refusedByClients(certs.authority));
    const bad = await certs.rotate(...over, '--healthy-deadline', '12s');
    expect(bad.code, bad.text).toBe(4);
    expect(bad.text).toContain('1 instance was never touched: edge-01@2');
    expect((await certs.served()).slice(0, 2)).toEqual([print(now), print(now)]);
    expect(await since()).toBe(began);
    // The process that leaves is not asked any more: its answers say nothing about the one that came back.
    expect(bad.text).toMatch(/revert +to(?:(?!not healthy).)*reverted +ok/s);
  });

  test('a service that ignores its reload stays with the old certificate, and only one is asked', async () => {
    const before = await certs.served();
    fleet.write('playbooks/rollout.ts', DEAF);
    certs.bring(now);
    const args = ['--limit', 'edge-01', '--wave', '100%', '--healthy-deadline', '60s', ...certs.vars];
    const first = await fleet.rollout('v-deaf', ...args);
    expect(first.code, first.text).toBe(0);
    const lost = next();
    const ran = await certs.rotate('--limit', 'edge-01', '--healthy-deadline', '3s');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toMatch(/20 of 20 connections got the certificate [0-9a-f]{7}, not [0-9a-f]{7}/);
    expect(ran.text).toContain('1 instance was never touched: edge-01@2');
    expect(await certs.served()).toEqual(before);
    expect(before).not.toContain(print(lost));
  });
});

/** The reference service, said to reload what it loads at its start alone. */
const DEAF = `import { certificate, definePlaybook, portOf, release, service, systemdUnit, tcp, unit, user, z } from 'pdeploy';
import { edge } from '${fileURLToPath(new URL('../../playbooks/services/edge.ts', import.meta.url))}';

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ binary: z.string(), tls: z.any() }),
  steps: ({ vars, instances, paths }) => [
    user({ name: 'edge' }),
    certificate({
      name: 'site',
      servers: vars.tls.servers,
      from: { cert: vars.tls.cert, key: vars.tls.key },
      trust: vars.tls.trust,
      ports: (i) => portOf(i, 'https_port'),
    }),
    release({
      binary: 'edge',
      from: vars.binary,
      files: instances.map((i) => ({
        path: \`config/\${i.name}.json\`,
        content: JSON.stringify(edge.config(i, { ...vars, workers: 2, drain_seconds: 0, grace_seconds: 0, fault: {} })),
      })),
    }),
    systemdUnit({
      user: 'edge',
      notify: true,
      exec: [unit\`\${paths.current}/bin/edge\`, '-c', unit\`\${paths.current}/config/%i.json\`],
      service: { WorkingDirectory: paths.current, ExecReload: ['/bin/true'] },
    }),
    service({ reload: true, health: (i) => ({ probes: [tcp({ port: portOf(i, 'port') })] }) }),
  ],
});
`;
