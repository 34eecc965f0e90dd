import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';
import { extendedPlaybook } from './playbook.ts';

describe('waves on 10 hosts in two zones', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 10 });
    await fleet.install('v1');
  });
  afterAll(() => fleet.end());

  test('shares are of all instances, rounded down; each zone keeps its minimum', async () => {
    const minHealthy = { domain: 'zone', amount: '80%' };
    fleet.write('playbooks/rollout.ts', extendedPlaybook({ strategy: { minHealthy } }));
    const ran = await fleet.rollout('v2', '--wave', '25%,50%', '-e', 'workers=3');
    expect(ran.code, ran.text).toBe(0);
    expect(ran.text).toContain('at least 4 of 5 in each of zones a, b');
    const events = await fleet.events();
    const waves = events.flatMap((e) => (e.type === 'wave.started' ? [e.instances] : []));
    expect(waves.map((w) => w.length)).toEqual([2, 5, 3]);
    expect(waves.flat()).toEqual(fleet.hosts.map((h) => `${h.name}@1`));

    const zoneOf = (instance: string): 'a' | 'b' => (Number(instance.slice(5, 7)) % 2 === 1 ? 'a' : 'b');
    const down = { a: 0, b: 0 };
    let most = 0;
    for (const event of events) {
      if (event.type === 'update.started') down[zoneOf(event.instance)] += 1;
      if (event.type === 'instance.committed') down[zoneOf(event.instance)] -= 1;
      expect(down.a, `event ${event.seq}`).toBeLessThanOrEqual(1);
      expect(down.b, `event ${event.seq}`).toBeLessThanOrEqual(1);
      most = Math.max(most, down.a + down.b);
    }
    expect(most).toBe(2);
    expect(down).toEqual({ a: 0, b: 0 });
    expect(new Set(await fleet.answers()).size).toBe(1);
  });
});
