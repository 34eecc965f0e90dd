import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenario } from './arbitrary.ts';
import { violations } from './oracle.ts';
import { type Machine, plain, World } from './world.ts';

type Mutant = { readonly name: string; readonly file: string; readonly from: string; readonly to: string };

/** Small mistakes that somebody could make tomorrow. Each must be noticed by the properties alone. */
const MUTANTS: readonly Mutant[] = [
  {
    name: 'two instances of one host at once',
    file: 'decide-waves',
    from: 'busy.has(instance.host) || ',
    to: '',
  },
  {
    name: 'the minimum of healthy ones is off by one',
    file: 'floor',
    from: 'domain.healthy - 1 < domain.floor',
    to: 'domain.healthy < domain.floor',
  },
  { name: 'one batch forgets whom it took down', file: 'floor', from: 'domain.healthy -= 1;', to: '' },
  {
    name: 'unreachable hosts count as healthy',
    file: 'status',
    from: 'isAway(host)) return false',
    to: 'isAway(host)) return true',
  },
  {
    name: 'one failure too many is tolerated',
    file: 'halt',
    from: 'failed.length <= budget',
    to: 'failed.length <= budget + 1',
  },
  {
    name: 'reverts run oldest first',
    file: 'decide-rollback',
    from: 'b.order - a.order',
    to: 'a.order - b.order',
  },
  {
    name: 'reverts do not wait for each other',
    file: 'decide-rollback',
    from: "if (anythingInFlight(state)) return wait('in-flight');\n  for",
    to: 'for',
  },
  {
    name: 'a failed revert is tried again',
    file: 'status',
    from: "=== 'failed') return !instance.restored",
    to: "=== 'failed' || instance.status === 'revert-failed') return !instance.restored",
  },
  {
    name: 'a wave ends with instances in hand',
    file: 'decide-waves',
    from: "if (flying) return wait('in-flight', progressDeadline(state));",
    to: '',
  },
  { name: 'no pause between waves', file: 'decide-waves', from: 'now < from', to: 'now < 0' },
  {
    name: 'the canary needs no promotion',
    file: 'decide-waves',
    from: 'awaitsPromotion(state)',
    to: 'false',
  },
  { name: 'a pause is not heard', file: 'decide', from: 'state.paused === undefined', to: 'true' },
  {
    name: 'stopping starts another wave',
    file: 'decide',
    from: "action.body.type !== 'wave.started' && ",
    to: '',
  },
  {
    name: 'a crash leaves instances in flight',
    file: 'transition',
    from: "{ ...i, status: 'interrupted' }",
    to: 'i',
  },
  {
    name: 'an unknown instance is not rechecked',
    file: 'decide',
    from: 'if (recheck.length > 0) return recheck;',
    to: '',
  },
  {
    name: 'a failed host is updated all the same',
    file: 'halt',
    from: 'if (failed.length === 0) return undefined;',
    to: 'if (failed.length < 9) return undefined;',
  },
  {
    name: 'the rollback forgets those that were committed',
    file: 'status',
    from: "instance.status === 'committed' && instance.from !== instance.to",
    to: 'false',
  },
  {
    name: 'half a rollback is called a rollback',
    file: 'finish',
    from: 'touched.every(isBack)',
    to: 'touched.some(isBack)',
  },
  { name: 'doubled events are taken twice', file: 'transition', from: ' || event.seq <= state.seq', to: '' },
  {
    name: 'the progress deadline never ends',
    file: 'halt',
    from: 'now < deadline',
    to: 'now < Number.POSITIVE_INFINITY',
  },
  { name: 'a lost lease is ignored', file: 'halt', from: 'state.leaseLost !== undefined', to: 'false' },
  {
    name: 'deferred hosts are forgotten',
    file: 'decide-waves',
    from: 'if (deferred.length > 0) return deferred;',
    to: '',
  },
  { name: 'an aborted deployment goes on', file: 'halt', from: 'state.aborted !== undefined', to: 'false' },
  {
    name: 'a wave takes instances whose host is not ready',
    file: 'decide-waves',
    from: "state.hosts.get(i.host)?.status === 'prepared'",
    to: 'true',
  },
  {
    name: 'stopping leaves a failed one down',
    file: 'decide',
    from: 'if (down !== undefined) {',
    to: 'if (false) {',
  },
];

const SOURCE = join(import.meta.dirname, '../../src');
const RUNS = 3_000;
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pdeploy-mutants-'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function load(name: string, mutant?: Mutant): Promise<Machine> {
  const to = join(root, name);
  mkdirSync(to);
  writeFileSync(join(to, 'package.json'), '{"type":"module"}');
  for (const part of ['errors.ts', 'util', 'model', 'rollout'])
    cpSync(join(SOURCE, part), join(to, part), { recursive: true });
  if (mutant !== undefined) {
    const file = join(to, 'rollout', `${mutant.file}.ts`);
    const text = readFileSync(file, 'utf8');
    if (text.split(mutant.from).length !== 2)
      throw new Error(`${mutant.file}.ts does not hold exactly one ${mutant.from}`);
    writeFileSync(file, text.replace(mutant.from, mutant.to));
  }
  const url = (file: string): string => pathToFileURL(join(to, 'rollout', `${file}.ts`)).href;
  const [{ start }, { transition }, { decide }] = await Promise.all([
    import(/* @vite-ignore */ url('start')) as Promise<Pick<Machine, 'start'>>,
    import(/* @vite-ignore */ url('transition')) as Promise<Pick<Machine, 'transition'>>,
    import(/* @vite-ignore */ url('decide')) as Promise<Pick<Machine, 'decide'>>,
  ]);
  return { start, transition, decide };
}

/** How many runs it took to notice that something is wrong; undefined when nothing was noticed. */
function noticed(machine: Machine): number | undefined {
  const result = fc.check(
    fc.property(scenario, ({ input, seed, knobs }) => {
      const trace = new World(machine, input, seed, knobs).run();
      const replayed = trace.events.reduce(machine.transition, machine.start(input));
      const same = JSON.stringify(plain(replayed)) === JSON.stringify(plain(trace.state));
      return trace.broken === undefined && same && violations(input, trace.events).length === 0;
    }),
    { numRuns: RUNS, seed: 42, endOnFailure: true },
  );
  return result.failed ? result.numRuns : undefined;
}

describe('the properties', { timeout: 120_000 }, () => {
  it('find nothing in the machine itself, loaded as the mutants are', async () => {
    expect(noticed(await load('sound'))).toBeUndefined();
  });

  it.each(MUTANTS.map((mutant, n) => ({ ...mutant, n })))('notice that $name', async (mutant) => {
    expect(noticed(await load(`mutant-${mutant.n}`, mutant))).toBeGreaterThan(0);
  });
});
