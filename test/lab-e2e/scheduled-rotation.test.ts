import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeAuthority, type Pair } from '../certs/authority.ts';
import { NAMES, print, servedBy } from './certs-fleet.ts';
import { playController } from './controller-host.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

// Caddy is not given a certificate by the shipped playbook.
describe.runIf(hasFaults())('certs rotate on a schedule', () => {
  const authority = makeAuthority();
  const tls = { servers: NAMES, cert: 'tls/site.pem', key: 'tls/site.key', trust: { file: 'tls/root.pem' } };
  const old = authority.issue(NAMES);
  const next = authority.issue(NAMES);
  let fleet: Fleet;
  let controller: Awaited<ReturnType<typeof playController>>;
  let control = '';

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3 });
    const [first, ...serving] = fleet.hosts;
    control = first?.name ?? '';
    for (const [name, text] of files(old)) fleet.write(name, text);
    fleet.write('tls.yaml', JSON.stringify({ tls }));
    await fleet.install('v1', '--limit', serving.map((h) => h.name).join(':'), '-e', '@tls.yaml');

    controller = await playController(fleet, control);
    for (const [name, text] of files(next)) controller.put(`srv/fleet/${name}`, text, 0o600);
    const ports = { port: 6188, admin_port: 6190, metrics_port: 6192, https_port: 6194 };
    controller.put(
      'srv/fleet/inventories/prod.yaml',
      JSON.stringify({
        vars: { binary: 'not/here', flavour: 'edge', grace_seconds: 0, tls },
        hosts: Object.fromEntries(serving.map((h) => [h.name, { address: h.address, user: 'root' }])),
        services: { edge: { on: 'all', instances: { 1: ports } } },
      }),
    );
    await controller.own();
  });
  afterAll(async () => {
    await controller.end();
    await fleet.end();
  });

  const files = (pair: Pair) =>
    [
      ['tls/root.pem', authority.root.cert],
      ['tls/site.pem', pair.cert],
      ['tls/site.key', pair.key],
    ] as const;
  const served = (): Promise<readonly string[]> =>
    servedBy(fleet.hosts.slice(1).map(({ address }) => ({ address, port: 6194 })));
  /** What the job says when its timer has started it once more since `last`. */
  const fired = async (last: string): Promise<{ readonly last: string; readonly journal: string }> => {
    const row = await vi.waitFor(
      async () => {
        const [now] = await controller.rows();
        expect(now?.last ?? '').not.toBe(last);
        expect(now?.result).toMatch(/^(ok|exit|fail)/);
        return now;
      },
      { timeout: 170_000, interval: 2_000 },
    );
    const journal = await controller.on(control, `journalctl -u ${row?.name} -o cat --no-pager`);
    expect(row?.result, journal).toBe('ok');
    return { last: row?.last ?? '', journal };
  };

  test('brings the new certificate to all hosts when its timer fires, and finds nothing to do at the next time', {
    timeout: 400_000,
  }, async () => {
    expect(await served()).toEqual([print(old), print(old)]);
    await controller.install('certs rotate', '1m');
    const [none] = await controller.rows();
    expect(none?.result).toBe('never');
    const first = await fired(none?.last ?? '');
    expect(await served(), first.journal).toEqual([print(next), print(next)]);
    expect(first.journal).toContain('Done. edge on prod is on');
    const pids = await fleet.mainPids();
    const second = await fired(first.last);
    expect(second.journal).toContain('already. Nothing has been changed.');
    expect(await fleet.mainPids()).toEqual(pids);
  });
});
