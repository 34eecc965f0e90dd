import { instanceId, unitName } from '../../src/model/host.ts';
import type { HostPlan, InstancePlan, Plan, Wave } from '../../src/model/plan.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';

export const OLD = '4f1c2a9'.padEnd(64, '0');
export const NEW = '9b7e01d'.padEnd(64, '1');

export function hostName(number: number, of = 99): string {
  return `edge-${String(number).padStart(Math.max(2, String(of).length), '0')}`;
}

/** A plan of `hosts` hosts with `perHost` instances each, one instance a wave; the canary is on the third host. */
export function planOf(hosts: number, perHost = 1, inventory = 'prod'): Plan {
  const service = 'edge';
  const plans = Array.from({ length: hosts }, (_, h): HostPlan => {
    const host = hostName(h + 1, hosts);
    return {
      host,
      zone: ['a', 'b', 'c'][h % 3] ?? 'a',
      digest: NEW,
      bytesToSend: 1_200_000,
      changes: [],
      instances: Array.from({ length: perHost }, (_, i): InstancePlan => {
        const name = String(i + 1);
        return {
          id: instanceId(host, name),
          host,
          name,
          unit: unitName(service, name),
          action: 'restart',
          why: 'runs 4f1c2a9',
          from: OLD,
          to: NEW,
          unitChanged: false,
          broken: false,
        };
      }),
      rollback: { possible: true, to: OLD, why: 'present and verified' },
      fingerprint: `f${h}`,
    };
  });
  const order = plans.flatMap((p) => p.instances.map((i) => i.id));
  const canary = plans[Math.min(2, hosts - 1)]?.instances[0]?.id ?? '';
  const ids = [canary, ...order.filter((id) => id !== canary)];
  return {
    version: 1,
    id: 'plan-1',
    createdAt: '2026-11-22T23:00:00.000Z',
    service,
    playbook: { name: 'rollout', file: 'playbooks/rollout.ts', sha256: 'a'.repeat(64) },
    inventory: { name: inventory, file: `inventories/${inventory}.yaml`, git: '81ac3f2' },
    release: { service, id: NEW, label: '9b7e01d', createdAt: '2026-11-22T22:59:00.000Z', metadata: {} },
    previous: { id: OLD, label: '4f1c2a9', mark: 'proven' },
    strategy: DEFAULT_STRATEGY,
    hosts: plans,
    waves: ids.map((id, n): Wave => ({ number: n + 1, instances: [id], canary: n === 0 })),
    cordoned: [],
    unreachable: [],
  };
}
