import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EXIT, UsageError } from '../../src/errors.ts';
import * as api from '../../src/index.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { HOSTILE } from '../resource/hostile.ts';
import { aHost } from '../resource/sample.ts';
import type { Outcomes } from './inventories.ts';
import { timed } from './timed.ts';

/** What a playbook says, as data: its definition and the factories that its steps call, with their options. */
type Tree = { [key: string]: unknown } | unknown[];

const SEED = (): { definition: Tree; steps: [string, unknown][] } => ({
  definition: {
    name: 'rollout',
    service: 'edge',
    strategy: {
      wave: [1, '25%'],
      canary: 1,
      promote: 'auto',
      minHealthy: { domain: 'zone', amount: '50%' },
      minHealthyTime: '10s',
      healthyDeadline: '2m',
      rollback: 'wave',
    },
    hooks: { beforePlan: ['true'], afterWave: { argv: ['curl', 'x'], timeout: '5s' } },
  },
  steps: [
    ['user', { name: 'edge' }],
    ['directory', { path: '/var/log/edge', owner: 'edge', mode: '0750' }],
    ['file', { path: '/etc/motd', content: 'hello', owner: 'root', group: 'root', mode: '0644' }],
    ['absent', { path: '/etc/old' }],
    [
      'command',
      { name: 'mount-data', argv: ['mount', '/data'], unless: ['mountpoint', '/data'], revert: ['umount'] },
    ],
    ['sysctl', { 'net.core.somaxconn': 4096, 'net.ipv4.tcp_rmem': '4096 87380 6291456' }],
    [
      'logrotate',
      { files: ['/var/log/edge/*.log'], user: 'edge', every: 'daily', rotate: 7, maxsize: '100M' },
    ],
    [
      'release',
      {
        binary: 'edge',
        from: './edge',
        files: [{ path: 'config/1.yaml', content: 'a: 1\n', mode: '0640' }],
        test: ['--check', '{dir}/config/1.yaml'],
      },
    ],
    [
      'systemdUnit',
      {
        user: 'edge',
        group: 'edge',
        description: 'the edge',
        exec: ['/bin/edge', '-c', 'x'],
        notify: true,
        log: 'journal',
        environment: { A: 'b', N: 1 },
        credentials: { key: '/etc/key' },
        unit: { After: ['a.service'], Documentation: ['man:edge'] },
        service: { ExecReload: ['/bin/kill', '-HUP', '1'], LimitNOFILE: 1024, ReadWritePaths: ['/srv'] },
        install: { WantedBy: 'multi-user.target' },
        dropIns: [{ name: '50-x.conf', service: { MemoryMax: '1G' } }],
      },
    ],
    [
      'service',
      {
        stopTimeout: '30s',
        health: {
          probes: [
            [
              'http',
              {
                port: 80,
                path: '/readyz',
                hostHeader: 'edge',
                expect: { status: 200, body: 'ok', headers: { a: 'b' } },
              },
            ],
            ['tcp', { port: 81, from: ['host', 'outside'] }],
            ['exec', { argv: ['true'] }],
          ],
          listens: [80],
          interval: '1s',
        },
      },
    ],
  ],
});

const WEIRD: readonly (() => unknown)[] = [
  () => null,
  () => undefined,
  () => Number.NaN,
  () => -1,
  () => 1e308,
  () => 0.5,
  () => 2 ** 53,
  () => 10n,
  () => true,
  () => [],
  () => ({}),
  () => [[[[[]]]]],
  () => JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1}'),
  () => Object.create(null),
  () => new Date(0),
  () => new Map([['a', 1]]),
  () => Symbol('x'),
  () => () => 'x',
  () => new api.Secret('hostile', 'a value of it'),
  () => Promise.resolve(1),
  () => nested(2_000),
  () => Array.from({ length: 5_000 }, (_, i) => i),
  () => '-oProxyCommand=touch /tmp/pwn',
  () => '$(touch /tmp/pwn)',
  () => '../../etc/passwd',
  () => '/etc/passwd\0.txt',
  () => '\ud800',
  () => '\u202e',
  () => '__proto__',
  () => 'x'.repeat(300_000),
  () => '(a+)+$'.repeat(50),
  () => `${'a'.repeat(60_000)}!`,
];

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

const change = fc.record({
  at: fc.noBias(fc.nat(99_999)),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'swap'),
  key: fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'ExecStart', 'Type', ''),
    fc.string({ unit: 'binary' }),
  ),
  value: fc.oneof(
    fc.constantFrom(...WEIRD).map((make) => make()),
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.anything({ maxDepth: 3 }),
  ),
});
type Edit = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Every place in a tree: the container and the key. */
function places(tree: unknown, found: [Tree, string][] = []): [Tree, string][] {
  if (typeof tree !== 'object' || tree === null || found.length > 2_000) return found;
  for (const key of Object.keys(tree)) {
    found.push([tree as Tree, key]);
    places((tree as Record<string, unknown>)[key], found);
  }
  return found;
}

function apply(tree: unknown, { at, how, key, value }: Edit): void {
  const all = places(tree);
  const [holder, name] = all[at % Math.max(1, all.length)] ?? [];
  if (holder === undefined || name === undefined) return;
  const other = all[(at * 7 + 3) % all.length];
  const slots = holder as Record<string, unknown>;
  if (how === 'remove') Reflect.deleteProperty(slots, name);
  else if (how === 'add' && Array.isArray(holder)) holder.push(value);
  else if (how === 'add')
    Reflect.defineProperty(slots, key, { value, enumerable: true, configurable: true, writable: true });
  else if (how === 'swap' && other !== undefined)
    slots[name] = (other[0] as Record<string, unknown>)[other[1]];
  else slots[name] = value;
}

const FACTORIES = new Map(Object.entries(api));

/** Probes are in steps, and nothing is in probes; a damaged tree may hold itself. */
const DEEPEST = 2;

/** Calls a factory by its name; anything else goes into the list as it is. */
function made(call: unknown, depth = 0): unknown {
  if (!Array.isArray(call) || depth > DEEPEST) return call;
  const [name] = call as unknown[];
  const factory = typeof name === 'string' ? FACTORIES.get(name) : undefined;
  const known =
    typeof factory === 'function' && /^[a-z]/.test(factory.name) && factory.name !== 'definePlaybook';
  return known ? (factory as (options: unknown) => unknown)(withProbes(call[1], depth)) : call;
}

function withProbes(options: unknown, depth: number): unknown {
  const health = (options as { health?: { probes?: unknown } } | undefined)?.health;
  if (!Array.isArray(health?.probes)) return options;
  return {
    ...(options as object),
    health: { ...health, probes: [...health.probes].map((one) => made(one, depth + 1)) },
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them.
const UNIT_LINE = /^(\[(Unit|Service|Install)\]|(X-)?[A-Za-z0-9-]+=[^\0-\x1f\x7f]*|)$/;

/**
 * Damages a playbook that uses everything in so many ways; each must compile to steps that are what they seem, or be
 * refused with a code and exit 2.
 * @throws with the seed and the smallest damage that breaks this
 */
export function fuzzPlaybooks(inputs: number): Outcomes {
  const outcomes = new Map<string, number>();
  const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (edits) => {
      const tree = SEED();
      for (const edit of edits) apply(tree, edit);
      timed(() => {
        try {
          const { definition, steps } = tree;
          const given = Array.isArray(steps) ? () => [...steps].map((step) => made(step)) : steps;
          const playbook = api.definePlaybook({ ...(definition as object), steps: given } as never);
          const compiled = compileSteps(playbook, aHost(), playbook.service, 'v1');
          for (const step of compiled.steps)
            if (step.type === 'unit') for (const line of step.text.split('\n')) assert.match(line, UNIT_LINE);
          count('ok');
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          assert.equal(error.exitCode, EXIT.usage);
          for (const { code } of error.problems) {
            assert.match(code, /^PD2\d{3}$/);
            count(code);
          }
        }
      });
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    }),
    { numRuns: inputs },
  );
  return outcomes;
}
