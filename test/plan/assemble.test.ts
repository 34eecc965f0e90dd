import { describe, expect, it } from 'vitest';
import { DEFAULT_STRATEGY, type Strategy } from '../../src/model/strategy.ts';
import { assemble, isCordoned } from '../../src/plan/assemble.ts';
import { rolloutInput } from '../../src/plan/rollout-input.ts';
import { mergeStrategy, strategyProblems } from '../../src/plan/strategy.ts';
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
  release,
  running,
} from './build.ts';

describe('a plan', () => {
  it('leaves out cordoned and unreachable hosts, and says so', () => {
    const plan = assemble(
      planInput([
        onOld('edge-01'),
        onOld('edge-02', { cordon: { reason: 'disk', until: '2026-12-01' } }),
        { host: host('edge-03', { cordon: { reason: 'for ever' } }), seen: { kind: 'unseen' } },
        { host: host('edge-04'), seen: { kind: 'unreachable', why: 'connection refused' } },
        { host: host('edge-05'), seen: { kind: 'unseen' } },
      ]),
    );
    expect(plan.hosts.map((h) => h.host)).toEqual(['edge-01']);
    expect(plan.cordoned.map((c) => c.host)).toEqual(['edge-02', 'edge-03']);
    expect(plan.unreachable).toEqual([
      { host: 'edge-04', why: 'connection refused' },
      { host: 'edge-05', why: 'it was not asked' },
    ]);
  });

  it('takes a cordon for over on the day after its last', () => {
    const cordon = { reason: 'disk', until: '2026-12-01' };
    expect(isCordoned(cordon, '2026-12-01T23:59:59Z')).toBe(true);
    expect(isCordoned(cordon, '2026-12-02T00:00:00Z')).toBe(false);
    expect(isCordoned({ reason: 'disk' }, '2099-01-01T00:00:00Z')).toBe(true);
  });

  it('plans only instances of its service', () => {
    const h = host('edge-01', { instances: ['1', '2'] });
    const foreign = {
      ...h,
      instances: h.instances.map((i, n) => (n === 1 ? { ...i, service: 'other' } : i)),
    };
    const plan = assemble(planInput([planHost(foreign, observation([running(OLD)]))]));
    expect(plan.hosts[0]?.instances.map((i) => i.id)).toEqual(['edge-01@1']);
  });

  it('sends nothing to a host that has the release, unless it was altered', () => {
    const sent = (releases: Parameters<typeof release>[1] | undefined): number | undefined => {
      const seen = observation([running(OLD)], {
        releases: releases === undefined ? [] : [release(NEW, releases)],
      });
      return assemble(planInput([planHost(host('edge-01'), seen)])).hosts[0]?.bytesToSend;
    };
    expect([sent(undefined), sent({ intact: true }), sent({ intact: false })]).toEqual([
      36_700_000, 0, 36_700_000,
    ]);
  });

  it('is empty for a fleet that is as it should be', () => {
    const plan = assemble(planInput([onNew('edge-01'), onNew('edge-02')]));
    expect(plan.waves).toEqual([]);
    expect(plan.hosts.flatMap((h) => h.instances).every((i) => i.action === 'nothing')).toBe(true);
    expect(rolloutInput(plan, 'd-1').hosts.every((h) => h.idle)).toBe(true);
  });
});

describe('the release before', () => {
  it('is what most instances run, as it is known to the store', () => {
    const plan = assemble(planInput([onOld('a', { instances: ['1', '2'] }), onNew('b')]));
    expect(plan.previous).toEqual({ id: OLD, label: '4f1c2a9', mark: 'proven' });
  });

  it('is none on a first install', () => {
    const plan = assemble(planInput([planHost(host('a'), observation([], { releases: [] }))]));
    expect(plan.previous).toEqual({ id: '', label: '', mark: 'unproven' });
  });

  it('takes its name from the host, or from its digest, where the store has never heard of it', () => {
    const other = 'c0ffee1'.padEnd(64, '1');
    const at = (releases: readonly ReturnType<typeof release>[]) =>
      assemble(planInput([planHost(host('a'), observation([running(other)], { releases }))])).previous;
    expect(at([release(other, { release: 'fleet-id', label: 'v1' })])).toEqual({
      id: 'fleet-id',
      label: 'v1',
      mark: 'unproven',
    });
    expect(at([release(other, { release: '', label: '' })])).toEqual({
      id: other,
      label: 'c0ffee1',
      mark: 'unproven',
    });
    expect(at([])).toEqual({ id: other, label: 'c0ffee1', mark: 'unproven' });
  });

  it('is the same whatever the order when two are equally many', () => {
    const hosts = [onOld('a'), onNew('b')];
    expect(assemble(planInput(hosts)).previous).toEqual(assemble(planInput(hosts.toReversed())).previous);
  });
});

describe('going back', () => {
  const rollback = (seen: ReturnType<typeof observation>, want = compiled()) =>
    assemble(planInput([planHost(host('a', { instances: ['1', '2'] }), seen, want)])).hosts[0]?.rollback;
  const two = [running(OLD), running(OLD, { name: '2' })];

  it('needs the old release, whole', () => {
    expect(rollback(observation(two))).toEqual({ possible: true, to: OLD, why: 'present and verified' });
    expect(rollback(observation(two, { releases: [] }))).toEqual({
      possible: false,
      to: OLD,
      why: 'release 4f1c2a9 is gone from the host',
    });
    expect(rollback(observation(two, { releases: [release(OLD, { intact: false })] }))).toEqual({
      possible: false,
      to: OLD,
      why: 'release 4f1c2a9 is on the host, but was altered',
    });
  });

  it('of a first install removes it', () => {
    expect(rollback(observation([]))).toEqual({
      possible: true,
      to: '',
      why: 'first install: rollback removes it',
    });
  });

  it('needs every old release where instances differ', () => {
    const other = 'c0ffee1'.padEnd(64, '1');
    const seen = observation([running(OLD), running(other, { name: '2' })]);
    expect(rollback(seen)).toEqual({
      possible: false,
      to: OLD,
      why: 'release c0ffee1 is gone from the host',
    });
  });

  it('is no question where nothing is switched, and names what would stay', () => {
    const done = [running(NEW), running(NEW, { name: '2' })];
    const want = compiled({ irreversible: ['command:migrate: no way back'] });
    expect(rollback(observation(done), want)).toEqual({
      possible: true,
      to: '',
      why: 'no instance is switched; stays: command:migrate: no way back',
    });
  });
});

describe('waves', () => {
  const shape = (strategy: Partial<Strategy>, ...hosts: Parameters<typeof planInput>[0]) =>
    assemble(planInput(hosts, strategy)).waves.map(
      (w) => `${w.canary ? 'canary ' : ''}${w.instances.join(' ')}`,
    );
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => onOld(name));

  it('are one instance each by default, in the order of the inventory', () => {
    expect(shape({}, ...five)).toEqual(['a@1', 'b@1', 'c@1', 'd@1', 'e@1']);
  });

  it('begin with what is broken, also as canary', () => {
    const sick = planHost(host('x'), observation([running(OLD, { activeState: 'failed' })]));
    expect(shape({ canary: 1 }, ...five, sick)).toEqual(['canary x@1', 'a@1', 'b@1', 'c@1', 'd@1', 'e@1']);
  });

  it('ramp up, the last size repeats', () => {
    const waves = [
      { kind: 'count', value: 1 },
      { kind: 'count', value: 2 },
    ] as const;
    expect(shape({ waves }, ...five)).toEqual(['a@1', 'b@1 c@1', 'd@1 e@1']);
  });

  it('take shares of all instances, rounded down, at least one', () => {
    const share = (value: number) => ({ waves: [{ kind: 'percent' as const, value }] });
    expect(shape(share(50), ...five)).toEqual(['a@1 b@1', 'c@1 d@1', 'e@1']);
    expect(shape(share(1), ...five)).toHaveLength(5);
    expect(shape(share(50), ...five, onNew('n'))).toEqual(['a@1 b@1 c@1', 'd@1 e@1']);
  });

  it('leave out what is current, and are none when all is', () => {
    expect(shape({ canary: 1 }, onNew('n'))).toEqual([]);
    expect(shape({}, onNew('n'), onOld('a'))).toEqual(['a@1']);
  });

  it('fall back to one at a time where no size is named', () => {
    expect(shape({ waves: [] }, ...five)).toHaveLength(5);
  });
});

describe('the fingerprint', () => {
  const print = (
    change: Parameters<typeof running>[1],
    more: Parameters<typeof observation>[1] = {},
    want = compiled(),
  ) =>
    assemble(planInput([planHost(host('a'), observation([running(OLD, change)], more), want)])).hosts[0]
      ?.fingerprint;

  it('stays as long as the host is what it was taken for', () => {
    expect(
      print({ mainPid: 9, uptimeSeconds: 1, restarts: 5 }, { facts: { diskFree: 1, bootId: 'other' } }),
    ).toBe(print({}));
    const unrelated = release('c0ffee1'.padEnd(64, '1'));
    expect(print({}, { releases: [unrelated, release(OLD)] })).toBe(print({}));
  });

  it('changes with anything that the plan relies on', () => {
    const prints = [
      print({}),
      print({ current: NEW }),
      print({ activeState: 'failed' }),
      print({ unitSha256: UNIT_SAME }),
      print({ pending: { opId: 'o', from: OLD, to: NEW } }),
      print({}, { releases: [] }),
      print({}, { releases: [release(OLD, { intact: false })] }),
      print({}, { facts: { policy: 'host' } }),
      print({}, { facts: { arch: 'aarch64' } }),
      print({}, {}, compiled({ digest: OLD })),
      print({}, {}, compiled({ changes: [] })),
      print({}, {}, compiled({ irreversible: ['x'] })),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});

const UNIT_SAME = 'unit-new';

describe('the strategy', () => {
  it('is made of defaults, playbook and flags, the last wins', () => {
    expect(mergeStrategy({ canary: 2, maxFailures: 1 }, { canary: 3 })).toEqual({
      ...DEFAULT_STRATEGY,
      canary: 3,
      maxFailures: 1,
    });
  });

  it('is refused when it contradicts itself', () => {
    const problems = (change: Partial<Strategy>) =>
      strategyProblems({ ...DEFAULT_STRATEGY, ...change }).map((p) => p.message);
    expect(problems({})).toEqual([]);
    expect(problems({ canary: 1, promote: 'manual' })).toEqual([]);
    expect(problems({ promote: 'manual', waves: [], minHealthyMs: 200_000 })).toEqual([
      'promote is manual, but there is no canary to promote',
      'waves is empty',
      'an instance must be healthy for 200 s, but has only 120 s for it',
    ]);
  });
});
