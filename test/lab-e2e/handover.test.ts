import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directLoads } from '../load/direct.ts';
import { failures, type LoadRow, measure, requestsOf } from '../load/measure.ts';
import { LONG, openRecord, SHARE_OF_BALANCED, WANTED } from '../load/record.ts';
import type { Load } from '../load/seen.ts';
import { startUpstream, type UpstreamProcess } from '../load/start-upstream.ts';
import { NAMES, tlsOf } from './certs-fleet.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

const [PORT, TLS_PORT] = [6188, 6194];
/** The old process goes on for 5 s, and then for as long as this. */
const GRACE_S = 1;
const LEAST = 15_000;

describe.skipIf(!hasFaults())('one host, asked directly, with handovers', () => {
  let fleet: Fleet;
  let upstream: UpstreamProcess | undefined;
  let vars: readonly string[];
  const times = ['--min-healthy-time', '1s'];
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 1 });
    upstream = await startUpstream(host().address);
    const tls = tlsOf(fleet);
    tls.bring(tls.authority.issue(NAMES));
    vars = [
      ...tls.vars,
      ...[
        '-e',
        'activation=handover',
        '-e',
        `grace_seconds=${GRACE_S}`,
        '-e',
        `upstream=${upstream.address}`,
      ],
    ];
    await fleet.install('v1', ...vars, ...times);
  });
  afterAll(async () => {
    upstream?.stop();
    await fleet.end();
  });

  const host = () => fleet.hosts[0] ?? { name: '', address: '' };
  const rollout = (label: string, ...args: string[]) => fleet.rollout(label, ...vars, ...times, ...args);
  const loads = (): readonly Load[] => directLoads(host().address, PORT, TLS_PORT, GRACE_S * 1_000);
  /** Until the old process has left: only then has it cost all that it can. */
  const alone = () =>
    expect
      .poll(async () => (await fleet.ssh(host().name, 'pgrep -xc edge')).stdout.trim(), {
        timeout: 60_000,
        interval: 500,
      })
      .toBe('1');
  const unbroken = (row: LoadRow): void => {
    expect(failures(row)).toBe('');
    expect(new Set([...row.timeline.values()].flatMap((second) => [...second.keys()])).size).toBe(2);
  };
  /** When the unit became active: a restart would change it. */
  const since = async () =>
    (await fleet.ssh(host().name, 'systemctl show -P ActiveEnterTimestampMonotonic edge@1')).stdout;

  let n = 1;
  const scenarios = [
    {
      name: 'change of the configuration',
      code: 0,
      act: () => rollout(`v${++n}`, '-e', `workers=${3 + (n % 3)}`),
    },
    {
      name: 'rollback',
      code: 0,
      act: () => fleet.pdeploy('rollback', '-i', 'lab', '--yes', ...vars, ...times),
    },
    {
      name: 'bad release, taken back',
      code: 4,
      act: () => rollout(`v${++n}`, '-e', 'fault={"never_ready":true}', '--healthy-deadline', '9s'),
    },
  ];

  test('a rollout, a rollback and a bad release cost no request', {
    timeout: LONG ? 3_600_000 : 300_000,
  }, async () => {
    const began = await since();
    const plan = await fleet.pdeploy('plan', '-i', 'lab', '--release', 'v2', '-e', 'workers=3', ...vars);
    expect(plan.stdout).toContain('1 handover on 1 host');
    const rows: LoadRow[] = [];
    const record = openRecord('handover');
    const enough = (): boolean => requestsOf(rows) >= WANTED * (1 - SHARE_OF_BALANCED);
    do {
      for (const { name, code, act } of scenarios) {
        const { row, result } = await measure(name, loads, 2_000, async () => {
          const ran = await act();
          await alone();
          return ran;
        });
        rows.push(row);
        record(rows, scenarios.length);
        expect(result.code, result.text).toBe(code);
      }
    } while (!enough());

    for (const row of rows) unbroken(row);
    expect(await since()).toBe(began);
    const http = rows.flatMap((row) => row.during).filter((s) => s.client.startsWith('HTTP/1.1'));
    // Connections that the old process had accepted, and not read from, when it began to drain.
    const again = http.reduce((sum, s) => sum + (s.apart?.['sent again'] ?? 0), 0);
    expect(again).toBeLessThan(http.reduce((sum, s) => sum + s.requests, 0) / 500);
    expect(requestsOf(rows)).toBeGreaterThan(LEAST);
  });

  test.skipIf(LONG).each([300, 3_000])(
    'a controller that is killed %d ms into a handover costs no request',
    async (ms) => {
      const began = await since();
      const { row, result } = await measure(`killed ${ms}`, loads, 0, async () => {
        const workers = ms === 300 ? 4 : 5;
        const run = fleet.start(
          ...fleet.rolloutArgs(`k${ms}`, ...vars, ...times, '-e', `workers=${workers}`),
        );
        await run.says(/prepare +ok/);
        await new Promise((resolve) => setTimeout(resolve, ms));
        run.child.kill('SIGKILL');
        await run.done;
        const resumed = await fleet.pdeploy('resume');
        await alone();
        return resumed;
      });
      expect(result.code, result.text).toBe(0);
      unbroken(row);
      expect(await since()).toBe(began);
    },
    160_000,
  );
});
