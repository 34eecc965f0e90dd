import type { Plan, PlannedChange } from '../../src/model/plan.ts';
import { assemble } from '../../src/plan/assemble.ts';
import {
  CHANGES,
  compiled,
  host,
  OLD,
  observation,
  onNew,
  onOld,
  planHost,
  planInput,
  running,
} from './build.ts';

const DIFF = `--- config/edge.yaml	(4f1c2a9)
+++ config/edge.yaml	(9b7e01d)
@@ -1,3 +1,3 @@
-threads: 2
+threads: 4
 listen: 0.0.0.0:6188
 key: <secret edge.api_key>
`;

const CONFIG: PlannedChange = {
  step: 'config/edge.yaml',
  action: 'change',
  changes: [{ field: 'content', from: '5be1', to: '90d3', secret: true }],
  diff: DIFF,
};

/** A plan that holds everything a plan can hold. */
export function richPlan(): Plan {
  const want = compiled({ changes: [...CHANGES, CONFIG] });
  const rolling = Array.from({ length: 8 }, (_, n) => {
    const h = host(`edge-0${n + 1}`, { instances: ['1', '2'], zone: n % 2 === 0 ? 'a' : 'b', region: 'eu' });
    const instances = h.instances.map((i) => running(OLD, { name: i.name, unit: i.unit }));
    const sick =
      n === 2
        ? [
            running(OLD, { activeState: 'failed', subState: 'failed', mainPid: 0, running: '' }),
            ...instances.slice(1),
          ]
        : instances;
    return planHost(
      h,
      observation(sick),
      n === 4 ? { ...want, irreversible: ['command:migrate: drops a table'] } : want,
    );
  });
  const gone = planHost(host('edge-09', { zone: 'a' }), observation([running(OLD)], { releases: [] }), want);
  const strategy = {
    canary: 1,
    promote: 'manual',
    waves: [
      { kind: 'count', value: 2 },
      { kind: 'percent', value: 25 },
    ],
    minHealthyPerDomain: { domain: 'zone', amount: { kind: 'percent', value: 75 } },
    pauseBetweenWavesMs: 30_000,
    maxFailures: 1,
    onUnreachable: 'skip',
  } as const;
  return assemble(
    planInput(
      [
        ...rolling,
        gone,
        onNew('edge-10', { zone: 'b' }),
        onOld('edge-11', { cordon: { reason: 'disk', until: '2026-12-01' } }),
        { host: host('edge-12'), seen: { kind: 'unreachable', why: 'connection refused' } },
      ],
      strategy,
    ),
  );
}
