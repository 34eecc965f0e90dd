import type { Host } from './host/host.ts';
import type { Place } from './host/paths.ts';

/** An instance where it lies. */
export type Spot = {
  /** As the inventory has it: `h1@2`. */
  readonly id: string;
  readonly host: Host;
  readonly at: Place;
  /** Digests of the releases of this story. */
  readonly known: ReadonlySet<string>;
};
