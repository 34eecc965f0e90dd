import type { Event, EventOf } from '../../src/model/event.ts';
import type { RolloutInput, RolloutInstance } from '../../src/model/rollout.ts';

export type Phase = 'idle' | 'flying' | 'unknown' | 'done' | 'failed' | 'back' | 'lost';
export type Seen = {
  phase: Phase;
  order: number;
  restored: boolean;
  failed: boolean;
  reverting: boolean;
  gate: boolean;
  away: boolean;
};

/** What a reader of the log of a deployment keeps in mind, and the rules found broken. */
export class Ledger {
  readonly found: string[] = [];
  readonly input: RolloutInput;
  readonly seen = new Map<string, Seen>();
  readonly prepared = new Set<string>();
  readonly away = new Set<string>();
  readonly preparing = new Set<string>();
  readonly hard: string[] = [];
  completed: boolean = false;
  wave: { number: number; canary: boolean; ids: readonly string[] } | undefined;
  lastWave = 0;
  lastEnd: number | undefined;
  promotionDue: boolean = false;
  paused: number | undefined;
  stopping: boolean = false;
  aborted: boolean = false;
  lease: boolean = false;
  rollback: { ids: string[]; next: number } | undefined;
  progress = 0;
  starts = 0;
  finished: EventOf<'deployment.finished'> | undefined;

  constructor(input: RolloutInput) {
    this.input = input;
    for (const i of input.instances) {
      const phase: Phase = i.action === 'nothing' ? 'done' : 'idle';
      this.seen.set(i.id, {
        phase,
        order: 0,
        restored: false,
        failed: false,
        reverting: false,
        gate: false,
        away: false,
      });
    }
  }

  bad(event: Event, why: string): void {
    const subject = 'instance' in event ? event.instance : 'wave' in event ? `wave ${event.wave}` : '';
    this.found.push(`#${event.seq} ${event.type} ${subject}: ${why}`);
  }

  flying(): readonly RolloutInstance[] {
    return this.input.instances.filter((i) => this.of(i.id).phase === 'flying');
  }

  of(id: string): Seen {
    return (
      this.seen.get(id) ?? {
        phase: 'lost',
        order: 0,
        restored: false,
        failed: false,
        reverting: false,
        gate: false,
        away: false,
      }
    );
  }

  plan(id: string): RolloutInstance {
    return this.input.instances.find((i) => i.id === id) as RolloutInstance;
  }

  healthy(i: RolloutInstance): boolean {
    if (this.away.has(i.host)) return false;
    const { phase, restored } = this.of(i.id);
    if (phase === 'done') return i.action !== 'nothing' || !i.broken;
    if (phase === 'idle' || phase === 'back') return !i.broken;
    return phase === 'failed' && restored && !i.broken;
  }

  failures(): number {
    return [...this.seen.values()].filter((s) => s.failed).length;
  }

  needsRevert(id: string): boolean {
    const plan = this.plan(id);
    const { phase, restored } = this.of(id);
    if (phase === 'failed') return !restored;
    return phase === 'done' && plan.action !== 'nothing' && plan.from !== plan.to;
  }
}
