import fc, { type Arbitrary } from 'fast-check';
import type { Counts, Event, EventBody, EventType, Failure, Outcome } from '../../src/model/event.ts';
import type { CheckResult, Evidence, Sample } from '../../src/model/health.ts';

type BodyOf<T extends EventType> = Extract<EventBody, { readonly type: T }>;

/** What a slip in a template would print. A host that answers so would be taken for one. */
const SLIP = /NaN|undefined|Infinity|\[object/;

/** What a hostile host may answer: escapes, overrides, half characters, long lines. */
export const hostileText: Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }).filter((text) => !SLIP.test(text)),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !SLIP.test(text)),
  fc.constantFrom(
    '',
    '\u001b[2J\u001b[1;1Hgone',
    '\u001b]52;c;aGVsbG8=\u0007',
    '\u001b]0;title\u001b\\x',
    'a\rb\r\nc\nd\te',
    '\u009b31mred\u009d0;t\u009c',
    'user\u202egpj.exe\u2066x',
    '\ud800 half',
    'Überwachung 監視 🚦',
    'x'.repeat(500),
  ),
);

export const hosts = ['edge-01', 'edge-02', 'edge-03'];
const host = fc.constantFrom(...hosts);
const instance = fc.constantFrom(...hosts.flatMap((name) => [`${name}@1`, `${name}@2`]));
const instances = fc.uniqueArray(instance, { maxLength: 4 });
const ms = fc.oneof(fc.nat(200_000), fc.double({ min: 0, max: 1e9, noNaN: true }));
const count = fc.nat(50);
const release = fc.constantFrom(
  '',
  '4f1c2a9'.padEnd(64, '0'),
  '9b7e01d'.padEnd(64, '1'),
  '/opt/pdeploy/edge/releases/abc',
);
const opId = fc.constantFrom('op-1', 'op-2');
const names = fc.array(hostileText, { maxLength: 3 });

const failure: Arbitrary<Failure> = fc.record({
  code: fc.constantFrom('PD4001', 'PD3101'),
  message: hostileText,
});

const check: Arbitrary<CheckResult> = fc.record({
  name: fc.oneof(fc.constant('GET http://127.0.0.1:6188/readyz'), hostileText),
  ok: fc.boolean(),
  detail: fc.oneof(fc.constant('answered 200'), hostileText),
});

const sample: Arbitrary<Sample> = fc.record({
  at: ms,
  ok: fc.boolean(),
  proof: fc.record({ ok: fc.boolean(), why: hostileText }),
  pid: count,
  restarts: count,
  checks: fc.array(check, { maxLength: 3 }),
  final: fc.boolean(),
});

const evidence: Arbitrary<Evidence> = fc.record({
  unitState: hostileText,
  result: hostileText,
  pid: count,
  restarts: count,
  listens: fc.array(fc.nat(65_535), { maxLength: 3 }),
  logs: names,
});

const counts: Arbitrary<Counts> = fc.record({
  total: count,
  current: count,
  old: count,
  healthy: count,
  untouched: count,
  failed: count,
});

const outcome = fc.constantFrom<Outcome>(
  'succeeded',
  'unchanged',
  'rolled-back',
  'failed',
  'interrupted',
  'aborted',
);

/** One for each type of event; a type without one does not compile. */
export const eventBodies: { readonly [T in EventType]: Arbitrary<Omit<BodyOf<T>, 'type'>> } = {
  'deployment.started': fc.record({
    actor: hostileText,
    service: fc.constant('edge'),
    inventory: fc.constant('prod'),
    from: release,
    to: release,
    label: hostileText,
    hosts: count,
    instances: count,
    plan: fc.constant('plan-1'),
  }),
  'lease.acquired': fc.record({ host, epoch: count }),
  'lease.lost': fc.record({ host, holder: hostileText }),
  'prepare.started': fc.record({ host }),
  'prepare.finished': fc.record({ host, bytesSent: fc.nat(), ms, changes: names }),
  'prepare.failed': fc.record({ host, failure, unreachable: fc.boolean() }),
  'host.skipped': fc.record({ host, why: hostileText }),
  'host.deferred': fc.record({ host, why: hostileText }),
  'prepare.completed': fc.constant({}),
  'wave.started': fc.record({ wave: fc.integer({ min: 1, max: 30 }), instances, canary: fc.boolean() }),
  'wave.finished': fc.record({ wave: fc.integer({ min: 1, max: 30 }), ms }),
  'update.started': fc.record({ instance, opId, from: release, to: release }),
  'drain.started': fc.record({ instance, through: names }),
  'drain.finished': fc.record(
    { instance, through: names, ms, left: count },
    { requiredKeys: ['instance', 'through', 'ms'] },
  ),
  'drain.failed': fc.record({ instance, failure }),
  'undrain.finished': fc.record({ instance, through: names, ms }),
  'undrain.failed': fc.record({ instance, failure }),
  'traffic.seen': fc.record({ instance, through: names, asked: count, ms }),
  'traffic.failed': fc.record({ instance, failure }),
  'update.switched': fc.record({ instance, pid: count, ms }),
  'health.probed': fc.record({ instance, sample, healthyForMs: ms, needMs: ms }),
  'instance.healthy': fc.record({ instance, ms, probes: count }),
  'instance.committed': fc.record({ instance }),
  'instance.failed': fc.record(
    { instance, failure, evidence, unreachable: fc.boolean(), restored: fc.boolean() },
    { requiredKeys: ['instance', 'failure', 'unreachable', 'restored'] },
  ),
  'recheck.started': fc.record({ instance }),
  'update.reset': fc.record({ instance, why: hostileText }),
  'revert.started': fc.record({ instance, opId, to: release }),
  'instance.reverted': fc.record({ instance, to: release, ms }),
  'revert.failed': fc.record(
    { instance, failure, evidence, fix: names },
    { requiredKeys: ['instance', 'failure', 'fix'] },
  ),
  'rollback.started': fc.record({
    cause: hostileText,
    scope: fc.constantFrom('deployment', 'wave'),
    instances,
  }),
  'deployment.paused': fc.record({ by: hostileText }),
  'deployment.continued': fc.record({ by: hostileText }),
  'deployment.promoted': fc.record({ by: hostileText }),
  'deployment.aborted': fc.record({ by: hostileText }),
  'deployment.stopping': fc.record({ by: hostileText }),
  'deployment.resumed': fc.record({ actor: hostileText }),
  'hook.finished': fc.record({ hook: hostileText, ok: fc.boolean(), ms, output: hostileText }),
  note: fc.record(
    { level: fc.constantFrom('info' as const, 'warn' as const), text: hostileText, host },
    { requiredKeys: ['level', 'text'] },
  ),
  'deployment.finished': fc.record({ outcome, cause: hostileText, ms, release, counts }),
};

export const EVENT_TYPES = Object.keys(eventBodies) as readonly EventType[];

export const eventBody: Arbitrary<EventBody> = fc.oneof(
  ...EVENT_TYPES.map((type) => eventBodies[type].map((body) => ({ type, ...body }) as EventBody)),
);

/** Any events in any order, numbered and dated: more than any deployment could tell. */
export const eventSequence: Arbitrary<Event[]> = fc
  .array(fc.tuple(eventBody, fc.nat(20_000)), { maxLength: 60, size: 'max' })
  .map((told) => {
    let t = 0;
    return told.map(([body, later], i): Event => {
      t += later;
      return {
        v: 1,
        seq: i + 1,
        at: new Date(Date.parse('2026-11-22T23:01:00.000Z') + t).toISOString(),
        t,
        deployment: 'd-20261122-2301-k3',
        ...body,
      };
    });
  });
