import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab-state.ts';
import { FRONT_PORT, H2_PORT, serversOf, startLabHaproxy, stopLabHaproxy } from '../load/lab-haproxy.ts';
import { failures, type LoadRow, type LoadTarget, measure } from '../load/measure.ts';
import { loadPicture } from '../load/picture.ts';
import { clientTable, loadTable, replaceBetween } from '../load/table.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { ownPlaybook } from './playbook.ts';

/** Requests of the long programme, which writes docs/zero-downtime.md; without it the short one of CI. */
const WANTED = Number(process.env.PDEPLOY_TEST_LOAD ?? 0);
const LONG = WANTED > 0;
const AMOUNT = LONG ? { rate: 4_000, quietMs: 10_000 } : { rate: 900, quietMs: 4_000 };
const SLOW_MS = LONG ? 10_000 : 1_500;
const LEAST = 30_000;

const UPSTREAM = fileURLToPath(new URL('../load/upstream.ts', import.meta.url));

const PLAYBOOK = ownPlaybook({
  service: "stopTimeout: '20s', drain: [haproxy({ balancers: ['lb'], backend: 'edge', wait: '20s' })],",
});

describe.runIf(hasFaults())('under load', () => {
  let fleet: Fleet;
  let balancer: LabHost;
  let target: LoadTarget;
  let upstream: ChildProcess;
  let proxied: readonly string[];
  const rows: LoadRow[] = [];

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 4, instances: 2, balancer: true });
    fleet.write('playbooks/rollout.ts', PLAYBOOK);
    balancer = await fleet.labHost('edge-04');
    await stopLabHaproxy(balancer);
    const servers = fleet.hosts
      .slice(0, 3)
      .flatMap((h) =>
        [1, 2].map((i) => ({ name: `${h.name}-${i}`, address: h.address, port: 6178 + 10 * i })),
      );
    await startLabHaproxy(balancer, servers);
    // The controller's end of the lab's bridge: the only address that the hosts see it under.
    const gateway = balancer.address.replace(/\d+$/, '1');
    upstream = spawn(process.execPath, [UPSTREAM, gateway], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await once(upstream.stdout as Readable, 'data');
    proxied = ['-e', `upstream=${gateway}:${String(port).trim()}`];
    await fleet.install('v1', '-e', fault(), ...proxied);
    const at = (port: number): string => `http://${balancer.address}:${port}`;
    target = { http: `${at(FRONT_PORT)}/`, h2: `${at(H2_PORT)}/`, slow: `${at(FRONT_PORT)}/slow` };
  });
  afterAll(async () => {
    upstream?.kill('SIGKILL');
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
        return fleet.rollout(`v${n}`, '-e', fault(), ...proxied, '-e', `binary=${binary}`);
      },
    },
    {
      name: 'rollback',
      code: 0,
      act: () => fleet.pdeploy('rollback', '-i', 'lab', '--yes', '--min-healthy-time', '500ms'),
    },
    {
      name: 'change of the configuration',
      code: 0,
      act: () => fleet.rollout(`v${++n}`, '-e', fault(), ...proxied, '-e', `workers=${3 + (n % 3)}`),
    },
    {
      name: 'bad release, taken back',
      code: 4,
      act: () =>
        fleet.rollout(
          `v${++n}`,
          '--canary',
          '1',
          '--healthy-deadline',
          '4s',
          '-e',
          fault({ never_ready: true }),
          ...proxied,
        ),
    },
  ];

  test('no request fails', { timeout: LONG ? 3_600_000 : 600_000 }, async () => {
    await allUp();
    const marks: { at: number; text: string }[] = [];
    const timeline = new Map<number, ReadonlyMap<string, number>>();
    const total = (): number => rows.reduce((sum, r) => sum + r.requests, 0);
    do {
      for (const { name, code, act } of scenarios) {
        const { row, result } = await measure(name, target, AMOUNT, act);
        expect(result.code, result.text).toBe(code);
        await allUp();
        if (rows.length < scenarios.length) {
          const at = timeline.size === 0 ? 0 : Math.max(...timeline.keys()) + 1;
          marks.push({ at, text: name });
          for (const [second, counts] of row.timeline) timeline.set(at + second, counts);
        }
        rows.push(row);
        process.stderr.write(`${name}: ${row.requests} requests, ${row.failed} failed ${failures(row)}\n`);
      }
    } while (total() < WANTED);
    if (LONG) writeResults(rows, loadPicture(timeline, marks));
    expect(rows.map(failures).filter((text) => text !== '')).toEqual([]);
    expect(total()).toBeGreaterThan(LONG ? WANTED : LEAST);
  });
});

function writeResults(rows: readonly LoadRow[], picture: string): void {
  const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
  writeFileSync(`${docs}zero-downtime.svg`, picture);
  const page = readFileSync(`${docs}zero-downtime.md`, 'utf8');
  const text = `${loadTable(rows)}\n${clientTable(rows)}`;
  writeFileSync(`${docs}zero-downtime.md`, replaceBetween(page, 'restart', text));
}
