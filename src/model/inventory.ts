import type { Host, HostName } from './host.ts';

/** A whole inventory after parsing, normalising and all rules. Hosts are in the order of the file. */
export type Inventory = {
  /** `prod` for `inventories/prod.yaml`. */
  readonly name: string;
  /** Path as the user would write it, relative to the project. */
  readonly file: string;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Members, direct and by child groups, in the order of the file. `all` is always there. */
  readonly groups: ReadonlyMap<string, readonly HostName[]>;
  readonly services: readonly string[];
};
