import { appendFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab-state.ts';
import { type Balancer, balancedLoads } from '../load/balanced.ts';
import {
  FRONT_PORT,
  H2_PORT,
  serversOf,
  startLabHaproxy,
  stopLabHaproxy,
  TCP_PORT,
  TLS_PORT,
} from '../load/lab-haproxy.ts';
import { failures, type LoadRow, measure, requestsOf } from '../load/measure.ts';
import { LONG, openRecord, SHARE_OF_BALANCED, WANTED } from '../load/record.ts';
import { startUpstream, type UpstreamProcess } from '../load/start-upstream.ts';
import { NAMES, tlsOf } from './certs-fleet.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { ownPlaybook } from './playbook.ts';

const GRACE_S = 2;
const AMOUNT = { rate: LONG ? 4_000 : 900, graceMs: GRACE_S * 1_000 - 500, stay: LONG };
const QUIET_MS = LONG ? 10_000 : 4_000;
const SLOW_MS = LONG ? 10_000 : 1_500;
/** As long as the WebSockets that stay are waited for, and longer than the slow answers take. */
const WAIT = LONG ? '12s' : '20s';
/** Two of the six instances at once. */
const WAVES = ['--wave', '2'];
const LEAST = 45_000;

const PLAYBOOK = ownPlaybook({
  service: `stopTimeout: '20s', drain: [haproxy({ balancers: ['lb'], backend: 'edge', wait: '${WAIT}' })],`,
});

describe.runIf(hasFaults())('under load', () => {
  let fleet: Fleet;
  let balancer: LabHost;
  let target: Balancer;
  let upstream: UpstreamProcess | undefined;
  let common: readonly string[];
  let good: readonly string[];

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 4, instances: 2, balancer: true });
    fleet.write('playbooks/rollout.ts', PLAYBOOK);
    balancer = await fleet.labHost('edge-04');
    await stopLabHaproxy(balancer);
    const servers = fleet.hosts.slice(0, 3).flatMap(({ name, address }) =>
      [1, 2].map((i) => {
        const [port, tlsPort] = [6178 + 10 * i, 6184 + 10 * i];
        return { name: `${name}-${i}`, address, port, tlsPort };
      }),
    );
    await startLabHaproxy(balancer, servers);
    upstream = await startUpstream(balancer.address);
    const { authority, bring, vars } = tlsOf(fleet);
    bring(authority.issue(NAMES));
    common = [...vars, '-e', `upstream=${upstream.address}`, '-e', `grace_seconds=${GRACE_S}`];
    good = [...common, '--healthy-deadline', '20s', ...WAVES];
    await fleet.install('v1', '-e', fault(), ...good);
    const at = (port: number): string => `${balancer.address}:${port}`;
    target = { http: at(FRONT_PORT), h2: at(H2_PORT), tls: at(TLS_PORT), tcp: at(TCP_PORT) };
  });
  afterAll(async () => {
    upstream?.stop();
    await stopLabHaproxy(balancer);
    await fleet.end();
  });

  const fault = (more = {}): string => `fault=${JSON.stringify({ slow_path_ms: SLOW_MS, ...more })}`;
  const allUp = (): Promise<void> =>
    expect
      .poll(async () => [...(await serversOf(balancer)).values()], { timeout: 60_000 })
      .toEqual(Array(6).fill('UP'));
  let n = 1;
  const scenarios = [
    {
      name: 'rollout of another binary',
      code: 0,
      act: () => {
        const binary = join(fleet.dir, `edge-${++n}`);
        copyFileSync(fleet.reference.binary, binary);
        appendFileSync(binary, `${n}`);
        return fleet.rollout(`v${n}`, '-e', fault(), ...good, '-e', `binary=${binary}`);
      },
    },
    {
      name: 'rollback',
      code: 0,
      act: () => fleet.pdeploy('rollback', '-i', 'lab', '--yes', '--min-healthy-time', '500ms', ...WAVES),
    },
    {
      name: 'change of the configuration',
      code: 0,
      act: () => fleet.rollout(`v${++n}`, '-e', fault(), ...good, '-e', `workers=${3 + (n % 3)}`),
    },
    {
      name: 'bad release, taken back',
      code: 4,
      act: () =>
        fleet.rollout(
          `v${++n}`,
          ...['--canary', '1', '--healthy-deadline', '4s'],
          ...['-e', fault({ never_ready: true }), ...common],
        ),
    },
  ];

  test('no request fails', { timeout: LONG ? 3_600_000 : 900_000 }, async () => {
    await allUp();
    const rows: LoadRow[] = [];
    const record = openRecord('restart');
    const enough = (): boolean => requestsOf(rows) >= WANTED * SHARE_OF_BALANCED;
    do {
      for (const { name, code, act } of scenarios) {
        if (rows.length >= scenarios.length && enough()) break;
        const { row, result } = await measure(name, () => balancedLoads(target, AMOUNT), QUIET_MS, act);
        rows.push(row);
        record(rows, scenarios.length);
        expect(result.code, result.text).toBe(code);
        await allUp();
      }
    } while (!enough());
    expect(rows.map(failures).filter((text) => text !== '')).toEqual([]);
    expect(requestsOf(rows)).toBeGreaterThan(LEAST);
  });
});
