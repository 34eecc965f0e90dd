import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';
import { ownPlaybook } from './playbook.ts';

/** What pdeploy does not do. Nothing on any host has changed afterwards. */
describe('refused before any change', () => {
  let fleet: Fleet;
  let before: { readonly answers: readonly string[]; readonly pids: readonly string[] };

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3 });
    await fleet.install('v1');
  });
  beforeEach(async () => {
    before = { answers: await fleet.answers(), pids: await fleet.mainPids() };
  });
  afterAll(() => fleet.end());

  async function nothingTouched(): Promise<void> {
    expect(await fleet.answers()).toEqual(before.answers);
    expect(await fleet.mainPids()).toEqual(before.pids);
  }

  test('a unit whose program does not exist', async () => {
    const other = fleet.colleague('builder');
    other.write(
      'playbooks/rollout.ts',
      ownPlaybook({ unit: `service: { ExecStartPre: ['/usr/bin/no-such-program'] },` }),
    );
    const ran = await other.rollout('v2');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toMatch(
      /edge-01 could not be prepared: .*edge@1\.service.*no-such-program.*No such file or directory/s,
    );
    await nothingTouched();
    const unit = await fleet.ssh(
      'edge-01',
      'systemctl cat edge@1; systemctl show -P NeedDaemonReload edge@1',
    );
    expect(unit.stdout).not.toContain('no-such-program');
    expect(unit.stdout).toMatch(/\nno\n$/);
  });

  test('a drop-in that systemd does not take', async () => {
    const other = fleet.colleague('builder-2');
    const step = `{ type: 'unit', id: 'unit', user: 'edge', text: '[Service]\\nType=notify\\nExecStart=/bin/true\\nExecStart=/bin/true\\n', dropIns: [] },`;
    const text = ownPlaybook({ steps: step }).replace(/ {6}systemdUnit\(\{.*?\n {6}\}\),\n/s, '');
    other.write('playbooks/rollout.ts', text);
    const ran = await other.rollout('v2');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toMatch(/edge-01 could not be prepared: .*edge@1\.service/s);
    await nothingTouched();
  });

  test('a host whose key is another one than the recorded: not even a login is tried', async () => {
    const other = fleet.colleague('stranger');
    const lines = readFileSync(fleet.knownHosts, 'utf8').split('\n');
    const [one, two] = ['edge-01', 'edge-02'].map((name) => lines.find((l) => l.includes(name)));
    if (one === undefined || two === undefined)
      throw new Error('the lab has written other known_hosts than expected');
    const keyOf = (line: string): string => line.split(' ').slice(1).join(' ');
    const swapped = lines.map((l) => (l === two ? two.replace(keyOf(two), keyOf(one)) : l)).join('\n');
    const file = other.write('known_hosts', swapped);
    const inventory = readFileSync(`${other.dir}/inventories/lab.yaml`, 'utf8');
    other.write('inventories/lab.yaml', inventory.replace(fleet.knownHosts, file));
    const cursor = await fleet.inside('edge-02', 'journalctl', '-n', '1', '-o', 'cat', '--show-cursor');
    const since = /^-- cursor: (.*)$/m.exec(cursor)?.[1] ?? '';

    const ran = await other.rollout('v2', '-e', 'workers=3');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.stderr).toMatch(/edge-02.*host key/i);
    expect(ran.stderr).toContain('known_hosts');
    await fleet.inside('edge-02', 'journalctl', '--sync');
    const log = await fleet.inside(
      'edge-02',
      'journalctl',
      '-t',
      'sshd',
      '-o',
      'cat',
      `--after-cursor=${since}`,
    );
    const after = log.slice(Math.max(0, log.lastIndexOf('session closed for user root')));
    expect(log).toMatch(/^Disconnected from 198\.\S+ port \d+ \[preauth\]$/m);
    // What came before was the login of this test itself.
    expect(after).not.toMatch(/authenticating user|Accepted|Failed|Postponed|session opened/);
    await nothingTouched();
  });

  test('a second operator while the first is at work', async () => {
    const first = fleet.start(...fleet.rolloutArgs('v2', '--min-healthy-time', '2s', '-e', 'workers=3'));
    await first.says(/edge-01@1 {2}switch/);
    const other = fleet.colleague('second');
    const ran = await other.rollout('v3', '-e', 'workers=4');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.stderr).toMatch(
      /error PD3201: tester holds the lease of edge on edge-0\d for d-[0-9]{8}-[0-9]{4}-[a-z0-9]+; free in \d+ s if its holder is gone/,
    );
    expect((await other.pdeploy('history')).text).toContain('No deployment yet');
    const done = await first.done;
    expect(done.code, done.text).toBe(0);
    expect(done.text).toContain('3 of 3 healthy');
    expect(new Set(await fleet.answers()).size).toBe(1);
  });

  test('a saved plan after the fleet has moved; taken when it has not', async () => {
    const label = `v${Date.now()}`;
    const plan = (file: string, workers: number) => {
      const [, ...args] = fleet.rolloutArgs(label, '-e', `workers=${workers}`);
      return fleet.pdeploy('plan', ...args.filter((a) => a !== '--yes'), '--out', file);
    };
    expect((await plan('old.json', 5)).code).toBe(0);
    expect((await fleet.rollout('between', '--wave', '100%', '-l', 'edge-02', '-e', 'workers=6')).code).toBe(
      0,
    );
    const pids = await fleet.mainPids();

    const refused = await fleet.rollout(label, '-e', 'workers=5', '--plan', 'old.json');
    expect(refused.code, refused.text).toBe(3);
    expect(refused.stderr).toContain('error PD3042: the fleet is not as it was when old.json was made');
    expect(refused.stderr).toMatch(/edge-02: edge-02@1 is on [0-9a-f]{7} now, not on [0-9a-f]{7}/);
    expect(refused.stderr).not.toContain('edge-03');
    expect(await fleet.mainPids()).toEqual(pids);

    expect((await plan('new.json', 5)).code).toBe(0);
    const taken = await fleet.rollout(label, '-e', 'workers=5', '--plan', 'new.json');
    expect(taken.code, taken.text).toBe(0);
    expect(taken.text).toContain('3 of 3 healthy');
  });

  test('a strategy that can never be met; of flags given twice the last one counts', async () => {
    const never = await fleet.rollout('v2', '--min-healthy-time', '9s', '-e', 'workers=3');
    expect(never.code, never.text).toBe(2);
    expect(never.stderr).toContain(
      'error PD2130: an instance must be healthy for 9 s, but has only 8 s for it',
    );
    const manual = await fleet.rollout('v2', '--promote', 'manual', '-e', 'workers=3');
    expect(manual.code, manual.text).toBe(2);
    expect(manual.stderr).toContain('there is no canary to promote');
    const flags = ['--min-healthy-time', '9s', '--min-healthy-time', '4s', '--check'];
    const twice = await fleet.rollout('v2', ...flags, '-e', 'workers=3');
    expect(twice.code, twice.text).toBe(0);
    expect(twice.text).toContain('healthy for 4 s within 8 s');
    await nothingTouched();
  });
});
