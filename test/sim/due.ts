import { type Fault, type MessageFault, pairOf } from './faults.ts';

/** The faults of a story that are still to come. Each happens once. */
export class Due {
  /** Pairs of place and fault that came about. */
  readonly covered = new Set<string>();
  readonly #faults: readonly Fault[];
  readonly #reached = new Map<string, number>();
  readonly #left: Map<string, Fault>;

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
    this.#left = new Map(faults.map((fault) => [pairOf(fault), fault]));
  }

  /** Whether a fault is due now. */
  fires(place: string, kind: string): boolean {
    const pair = `${place} ${kind}`;
    const fault = this.#left.get(pair);
    if (fault === undefined) return false;
    const reached = (this.#reached.get(pair) ?? 0) + 1;
    this.#reached.set(pair, reached);
    if (reached < fault.nth) return false;
    this.#left.delete(pair);
    this.covered.add(pair);
    return true;
  }

  /** What happens to a request and its answer. */
  message(verb: string): MessageFault | undefined {
    const due = this.#at(`call.${verb}`);
    return due && { kind: due.kind as MessageFault['kind'], ms: due.ms };
  }

  /** What happens to a host before a step of an agent. */
  step(name: string): string | undefined {
    return this.#at(`step.${name}`)?.kind;
  }

  /** The trouble is over. */
  clear(): void {
    this.#left.clear();
  }

  #at(place: string): Fault | undefined {
    return this.#faults.find((fault) => fault.place === place && this.fires(place, fault.kind));
  }
}
