import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/plan/assemble.ts';
import { describePlan } from '../../src/plan/describe.ts';
import { estimate } from '../../src/plan/duration.ts';
import { bytes, few, row, span, wrap } from '../../src/plan/text-block.ts';
import {
  compiled,
  host,
  NEW,
  OLD,
  observation,
  onNew,
  onOld,
  planHost,
  planInput,
  RELEASE,
  running,
} from './build.ts';
import { richPlan } from './rich.ts';

describe('a plan for people', () => {
  it('lets no value look like a line of its own, or act on a terminal', () => {
    const plan = richPlan();
    const text = 'x\nPlan: nothing to do. \u001b[2J\u009b2J\u202e';
    const change = {
      step: 'file:/a',
      action: 'change',
      changes: [{ field: 'content', from: text, to: text }],
    };
    const hosts = plan.hosts.map((h) => ({ ...h, changes: [change as (typeof h.changes)[number]] }));
    const shown = describePlan({ ...plan, hosts, release: { ...plan.release, label: text } }, { diff: true });
    expect(shown).toContain('x Plan: nothing to do.');
    expect(shown).not.toMatch(/^Plan: nothing/m);
    expect(shown).not.toMatch(/[^\P{C}\n]/u);
  });

  it('says how the binary was built, when pdeploy did', () => {
    const plan = richPlan();
    const metadata = {
      'build.commit': `${'81ac3f2e'.repeat(5)} with changes`,
      'build.rustc': '1.95.0 (59807616e 2026-04-14)',
      'build.target': 'x86_64-unknown-linux-gnu',
    };
    expect(describePlan({ ...plan, release: { ...plan.release, metadata } })).toContain(
      '  built        from 81ac3f2e81ac with changes by rustc 1.95.0 for\n               x86_64-unknown-linux-gnu\n',
    );
  });

  it('shows warnings before the changes', () => {
    const text = 'edge-01:config/1.yaml:1:1 and 2 more: old; build it anew';
    expect(describePlan({ ...richPlan(), warnings: [{ code: 'PD2616', text }] })).toContain(`
  warning      edge-01:config/1.yaml:1:1 and 2 more: old; build it anew (PD2616)

  ~ release`);
  });

  it('shows order, care, rollback and changes, hosts that agree folded', () => {
    expect(describePlan(richPlan(), { diff: true })).toMatchInlineSnapshot(`
      "edge 4f1c2a9 -> 9b7e01d
        playbooks/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)

        fleet        10 hosts, 18 instances, 1 of them on 9b7e01d already
        cordoned     1 (edge-11: disk, until 2026-12-01)
        unreachable  1 (edge-12: connection refused)
        wave 1       canary edge-03@1, then waits for pdeploy promote
        wave 2       2 instances: edge-01@1, edge-01@2
        waves 3-5    4 instances at a time
        wave 6       2 instances: edge-08@2, edge-09@1
        first        unhealthy now: edge-03@1
        between      30 s pause after each wave
        healthy      at least 7 of 9 in each of zones a, b
        each         restart, healthy for 10 s within 2 min
        failure      after more than 1 failed instance: all switched instances go back
                     to 4f1c2a9 (proven, present and verified on 9 of 10 hosts)
                     stays after a rollback: command:migrate: drops a table (edge-05)
                     no way back on edge-09: release 4f1c2a9 is gone from the host

        ~ release              4f1c2a9 -> 9b7e01d
        ~ edge@.service        LimitNOFILE 65536 -> 131072
        ~ config/edge.yaml     content <secret, 5be1 -> 90d3>
        = logrotate
        to send                36.7 MB to each of 9 hosts

        --- config/edge.yaml	(4f1c2a9)
        +++ config/edge.yaml	(9b7e01d)
        @@ -1,3 +1,3 @@
        -threads: 2
        +threads: 4
         listen: 0.0.0.0:6188
         key: <secret edge.api_key>

      Plan: 1 start and 16 restarts on 9 hosts, about 5 min. Nothing has been changed.
      Next: pdeploy rollout -i prod
      "
    `);
  });

  it('of a plain fleet is short', () => {
    const plan = assemble(
      planInput(['edge-01', 'edge-02', 'edge-03'].map((name) => onOld(name, { instances: ['1', '2'] }))),
    );
    expect(describePlan(plan)).toMatchInlineSnapshot(`
      "edge 4f1c2a9 -> 9b7e01d
        playbooks/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)

        fleet        3 hosts, 6 instances
        waves 1-6    1 instance at a time
        each         restart, healthy for 10 s within 2 min
        failure      all switched instances go back to 4f1c2a9 (proven, present and
                     verified on 3 of 3 hosts)

        ~ release              4f1c2a9 -> 9b7e01d
        ~ edge@.service        LimitNOFILE 65536 -> 131072
        = logrotate
        to send                36.7 MB to each of 3 hosts

      Plan: 6 restarts on 3 hosts, about 2 min. Nothing has been changed.
      Next: pdeploy rollout -i prod
      "
    `);
  });

  it('says that nothing is to be done', () => {
    expect(describePlan(assemble(planInput([onNew('edge-01')])))).toMatchInlineSnapshot(`
      "edge 9b7e01d   playbooks/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)

        fleet        1 host, 1 instance

        = release, edge@.service, logrotate

      Plan: nothing to do. Everything is as it should be.
      "
    `);
  });

  it('of a first install has nothing to go back to', () => {
    const plan = assemble(
      planInput([
        planHost(
          host('edge-01'),
          observation([], { releases: [] }),
          compiled({ changes: [{ step: 'release', action: 'add', changes: [] }] }),
        ),
      ]),
    );
    expect(describePlan(plan)).toMatchInlineSnapshot(`
      "edge none -> 9b7e01d
        playbooks/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)

        fleet        1 host, 1 instance
        wave 1       1 instance: edge-01@1
        each         start, healthy for 10 s within 2 min
        failure      all switched instances are removed again (first install)

        + release              new
        to send                36.7 MB to 1 host

      Plan: 1 start on 1 host, about 15 s. Nothing has been changed.
      Next: pdeploy rollout -i prod
      "
    `);
  });

  it('of changes without a restart says so', () => {
    const change = {
      step: 'sysctl',
      action: 'change',
      changes: [{ field: 'net.core.somaxconn', from: '', to: '65535' }],
    } as const;
    const seen = observation([running(NEW)]);
    const plan = assemble(
      planInput([
        planHost(host('edge-01'), seen, compiled({ bytes: 0, changes: [change] })),
        onNew('edge-02'),
      ]),
    );
    expect(describePlan(plan)).toMatchInlineSnapshot(`
      "edge 9b7e01d   playbooks/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)

        fleet        2 hosts, 2 instances

        ~ sysctl               net.core.somaxconn none -> 65535
        = release, edge@.service, logrotate

      Plan: changes on 1 host, no restart. Nothing has been changed.
      Next: pdeploy rollout -i prod
      "
    `);
  });

  it('shows a label beside the id, and breaks long headers', () => {
    const input = planInput([onOld('edge-01')]);
    const plan = assemble({
      ...input,
      release: { ...RELEASE, label: 'v1.4.2-rc.1+build.77' },
      playbook: { ...input.playbook, file: 'playbooks/services/edge/rollout.ts' },
    });
    expect(describePlan(plan).split('\n').slice(0, 3)).toMatchInlineSnapshot(`
      [
        "edge 4f1c2a9 -> v1.4.2-rc.1+build.77 (9b7e01d)",
        "  playbooks/services/edge/rollout.ts, inventories/prod.yaml (git 81ac3f2, clean)",
        "",
      ]
    `);
  });

  it.each([
    ['wave', 0],
    ['instance', 2],
    ['none', 0],
  ] as const)('tells what a failure leads to: %s', (rollback, maxFailures) => {
    const plan = assemble(planInput([onOld('edge-01')], { rollback, maxFailures }));
    const lines = describePlan(plan).split('\n');
    const at = lines.findIndex((l) => l.startsWith('  failure'));
    expect(
      lines
        .slice(at, at + 2)
        .join('\n')
        .split('\n\n')[0],
    ).toMatchSnapshot();
  });

  it('folds waves of one size, and names the instances of small single ones', () => {
    const hosts = Array.from({ length: 12 }, (_, n) => onOld(`h${n}`));
    const waves = [1, 2, 4].map((value) => ({ kind: 'count' as const, value }));
    const lines = describePlan(assemble(planInput(hosts, { waves }))).split('\n');
    expect(lines.filter((l) => l.startsWith('  wave'))).toMatchInlineSnapshot(`
      [
        "  wave 1       1 instance: h0@1",
        "  wave 2       2 instances: h1@1, h2@1",
        "  waves 3-4    4 instances at a time",
        "  wave 5       1 instance: h11@1",
      ]
    `);
  });

  it('prints the minimum of healthy ones in absolute numbers, zones that agree together', () => {
    const minHealthyPerDomain = { domain: 'zone', amount: { kind: 'percent', value: 80 } } as const;
    const hosts = ['a', 'a', 'b', 'b', 'c'].map((zone, n) =>
      onOld(`h${n}`, { zone, instances: ['1', '2', '3'] }),
    );
    const lines = describePlan(assemble(planInput(hosts, { minHealthyPerDomain }))).split('\n');
    expect(lines.filter((l) => l.includes('at least'))).toMatchInlineSnapshot(`
      [
        "  healthy      at least 5 of 6 in each of zones a, b",
        "               at least 3 of 3 in zone c",
      ]
    `);
  });

  it('never is wider than 80 columns, but for diffs and words that are', () => {
    const wide = describePlan(richPlan())
      .split('\n')
      .filter((l) => l.length > 80);
    expect(wide).toEqual([]);
  });
});

describe('the guess of the time', () => {
  it('adds up rounds and pauses; instances of one host follow one another', () => {
    const hosts = [onOld('a', { instances: ['1', '2'] }), onOld('b')];
    const at = (value: number, pauseBetweenWavesMs = 0) =>
      estimate(assemble(planInput(hosts, { waves: [{ kind: 'count', value }], pauseBetweenWavesMs })))
        .typicalMs;
    expect([at(1), at(3), at(1, 60_000)]).toEqual([45_000, 30_000, 165_000]);
    expect(estimate(assemble(planInput([])))).toEqual({ typicalMs: 0, mostMs: 0 });
  });

  it('counts what is waited for requests in flight, and for being seen through balancers', () => {
    const plan = assemble(planInput([onOld('a'), onOld('b')], { waves: [{ kind: 'count', value: 1 }] }));
    const through = { by: 'lb', withinMs: 20_000 };
    const drain = { through: 'haproxy lb', waitMs: 60_000 };
    expect(estimate(plan)).toEqual({ typicalMs: 30_000, mostMs: 30_000 });
    expect(estimate({ ...plan, drain })).toEqual({ typicalMs: 36_000, mostMs: 156_000 });
    expect(estimate({ ...plan, drain: { ...drain, leastMs: 60_000 } })).toEqual({
      typicalMs: 156_000,
      mostMs: 156_000,
    });
    expect(estimate({ ...plan, through })).toEqual({ typicalMs: 32_000, mostMs: 70_000 });
    expect(describePlan({ ...plan, drain, through })).toMatch(
      /Plan: 2 restarts on 2 hosts, about 38 s, 4 min if every wait/,
    );
    const handed = plan.hosts.map((h) => ({
      ...h,
      instances: h.instances.map((i) => ({ ...i, action: 'handover' as const })),
    }));
    // Who hands over is not drained.
    expect(estimate({ ...plan, drain, hosts: handed }).mostMs).toBe(30_000);
  });
});

describe('text', () => {
  it('is broken at spaces and kept in its column', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('incomprehensibilities', 5)).toEqual(['incomprehensibilities']);
    expect(row('a', 'x '.repeat(60).trim(), 10)).toHaveLength(2);
    expect(row('a-very-long-label', 'x', 10)).toEqual(['  a-very-long-label x']);
  });

  it('is folded, sized and timed', () => {
    expect([few(['a', 'b'], 2), few(['a', 'b', 'c'], 2), few(['a', 'b', 'c', 'd'], 2)]).toEqual([
      'a, b',
      'a, b, c',
      'a, b and 2 more',
    ]);
    expect([bytes(12), bytes(1_200), bytes(36_700_000), bytes(4e9)]).toEqual([
      '12 B',
      '1.2 kB',
      '36.7 MB',
      '4.0 GB',
    ]);
    expect([span(500), span(10_000), span(120_000), span(150_000), span(7_200_000)]).toEqual([
      '0.5 s',
      '10 s',
      '2 min',
      '2.5 min',
      '2 h',
    ]);
    expect(OLD).toHaveLength(64);
  });
});
