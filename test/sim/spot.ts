import type { Host as ModelHost } from '../../src/model/host.ts';
import type { Host } from './host/host.ts';
import { type Place, place } from './host/paths.ts';
import { SERVICE } from './releases.ts';

/** An instance where it lies. */
export type Spot = {
  /** As the inventory has it: `h1@2`. */
  readonly id: string;
  readonly host: Host;
  readonly at: Place;
  /** Digests of the releases of this story. */
  readonly known: ReadonlySet<string>;
};

export function spotsOf(model: ModelHost, host: Host, known: ReadonlySet<string>): Spot[] {
  return model.instances.map(({ id, name }) => ({ id, host, at: place(SERVICE, name), known }));
}
