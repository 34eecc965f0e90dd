import type { Counts, Event, EventBody } from '../../src/model/event.ts';
import type { Evidence, Sample } from '../../src/model/health.ts';
import type { InstanceId } from '../../src/model/host.ts';
import type { Plan } from '../../src/model/plan.ts';

const START = Date.parse('2026-11-22T23:01:00.000Z');

export const DEPLOYMENT = 'd-20261122-2301-k3';

/** Tells events one after the other, as a deployment would, with the time under the author's control. */
export class Story {
  readonly events: Event[] = [];
  readonly plan: Plan;
  t = 0;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  /** Milliseconds since 1970 of the story's present. */
  get now(): number {
    return START + this.t;
  }

  wait(ms: number): this {
    this.t += ms;
    return this;
  }

  tell(...bodies: readonly EventBody[]): this {
    for (const body of bodies) {
      this.events.push({
        v: 1,
        seq: this.events.length + 1,
        at: new Date(this.now).toISOString(),
        t: this.t,
        deployment: DEPLOYMENT,
        ...body,
      });
    }
    return this;
  }

  start(): this {
    const { plan } = this;
    return this.tell({
      type: 'deployment.started',
      actor: 'ops',
      service: plan.service,
      inventory: plan.inventory.name,
      from: plan.previous.id,
      to: plan.release.id,
      label: plan.release.label,
      hosts: plan.hosts.length,
      instances: this.ids.length,
      plan: plan.id,
    });
  }

  prepare(): this {
    for (const { host } of this.plan.hosts) this.tell({ type: 'prepare.started', host });
    this.wait(4_100);
    for (const { host } of this.plan.hosts)
      this.tell({ type: 'prepare.finished', host, bytesSent: 1_200_000, ms: 4_100, changes: [] });
    return this.tell({ type: 'prepare.completed' });
  }

  beginWave(number: number): this {
    const wave = this.plan.waves[number - 1];
    if (wave === undefined) throw new Error(`the plan has no wave ${number}`);
    return this.tell({ type: 'wave.started', wave: number, instances: wave.instances, canary: wave.canary });
  }

  /** Switches the instance and shows `seconds` good probes of 10. */
  update(instance: InstanceId, seconds: number, pid = 4121): this {
    const { from = '', to = '' } =
      this.plan.hosts.flatMap((h) => h.instances).find((i) => i.id === instance) ?? {};
    this.tell({ type: 'update.started', instance, opId: `op-${instance}`, from, to }).wait(400);
    this.tell({ type: 'update.switched', instance, pid, ms: 400 });
    for (let s = 0; s <= seconds; s++) {
      if (s > 0) this.wait(1_000);
      this.tell({
        type: 'health.probed',
        instance,
        sample: good(this.t, pid),
        healthyForMs: s * 1_000,
        needMs: 10_000,
      });
    }
    return this;
  }

  healthy(instance: InstanceId, ms = 11_200): this {
    return this.tell(
      { type: 'instance.healthy', instance, ms, probes: 20 },
      { type: 'instance.committed', instance },
    );
  }

  wave(number: number): this {
    const at = this.t;
    this.beginWave(number);
    for (const id of this.plan.waves[number - 1]?.instances ?? []) this.update(id, 10).healthy(id);
    return this.wait(800).tell({ type: 'wave.finished', wave: number, ms: this.t - at });
  }

  fail(instance: InstanceId): this {
    return this.tell({
      type: 'instance.failed',
      instance,
      failure: {
        code: 'PD4001',
        message: 'was not healthy within 120 s: GET http://127.0.0.1:6188/readyz answered 503 (14 of 14)',
      },
      evidence: {
        ...EVIDENCE,
        release: this.plan.hosts.flatMap((h) => h.instances).find((i) => i.id === instance)?.to ?? '',
      },
      unreachable: false,
      restored: false,
    });
  }

  finish(
    outcome: Extract<EventBody, { type: 'deployment.finished' }>['outcome'],
    cause = '',
    counts: Partial<Counts> = {},
  ): this {
    const total = this.ids.length;
    return this.tell({
      type: 'deployment.finished',
      outcome,
      cause,
      ms: this.t,
      release: outcome === 'succeeded' ? this.plan.release.id : this.plan.previous.id,
      counts: { total, current: 0, old: total, healthy: total, untouched: 0, failed: 0, ...counts },
    });
  }

  get ids(): readonly InstanceId[] {
    return this.plan.hosts.flatMap((host) => host.instances.map((instance) => instance.id));
  }
}

export const EVIDENCE: Evidence = {
  unitState: 'active/running',
  result: 'success',
  pid: 4121,
  restarts: 0,
  listens: [6188],
  logs: ['23:01:13 ERROR upstream pool empty: dns: no records for backend.internal'],
};

export function good(at: number, pid: number): Sample {
  return {
    at,
    ok: true,
    proof: { ok: true, why: '' },
    pid,
    restarts: 0,
    checks: [{ name: 'GET http://127.0.0.1:6188/readyz', ok: true, detail: 'answered 200' }],
    final: false,
  };
}

export function bad(at: number, pid: number): Sample {
  return {
    ...good(at, pid),
    ok: false,
    checks: [{ name: 'GET http://127.0.0.1:6188/readyz', ok: false, detail: 'answered 503' }],
  };
}
