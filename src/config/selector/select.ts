import type { Problem } from '../../errors.ts';
import type { HostName, Instance } from '../../model/host.ts';
import type { Inventory } from '../../model/inventory.ts';
import { CODE } from '../codes.ts';
import { harmless, show } from '../show.ts';
import { evaluate } from './evaluate.ts';
import { readSelector, type Selector, type SelectorFault } from './read.ts';

type Failed = { readonly ok: false; readonly problems: readonly Problem[] };

export type Selection = {
  /** In the order of the inventory; a host may be selected without any of its instances. */
  readonly hosts: readonly HostName[];
  /** In the order of the inventory. */
  readonly instances: readonly Instance[];
};

/**
 * Reads `edge:&eu:!edge-3` or `lb-*,edge-03@1`: terms joined by `:` or `,`. A term is a host, a group, a glob, a range,
 * `zone=b` or `region=eu`, with `@1` behind it for one instance only. `&` keeps what both have, `!` takes away. The
 * order of the terms does not matter: first all are added, then kept, then taken away.
 */
export function parseSelector(text: string): { readonly ok: true; readonly selector: Selector } | Failed {
  const result = readSelector(text);
  return result.ok ? result : failed(text, result.faults);
}

/** Hosts and instances a selector chooses. Unknown names are problems, also after `!`; so is choosing no host. */
export function select(
  inventory: Pick<Inventory, 'hosts' | 'groups'>,
  selector: Selector,
): { readonly ok: true; readonly selection: Selection } | Failed {
  const result = evaluate(inventory, selector);
  if (!result.ok) return failed(selector.text, result.faults);
  const all = [...inventory.hosts.values()];
  const instances = all.flatMap((host) => host.instances.filter((instance) => result.atoms.has(instance)));
  const withInstance = new Set(instances.map((instance) => instance.host));
  const hosts = all
    .filter((host) => result.atoms.has(host) || withInstance.has(host.name))
    .map(({ name }) => name);
  if (hosts.length > 0) return { ok: true, selection: { hosts, instances } };
  return {
    ok: false,
    problems: [{ code: CODE.selectorEmpty, message: `${show(selector.text)} selects no host` }],
  };
}

/** Both steps at once, for `--limit`. */
export function selectText(
  inventory: Pick<Inventory, 'hosts' | 'groups'>,
  text: string,
): { readonly ok: true; readonly selection: Selection } | Failed {
  const parsed = parseSelector(text);
  return parsed.ok ? select(inventory, parsed.selector) : parsed;
}

function failed(text: string, faults: readonly SelectorFault[]): Failed {
  return { ok: false, problems: faults.map((fault) => problemOf(text, fault)) };
}

function problemOf(text: string, { code, message, span, hint }: SelectorFault): Problem {
  const carets = `${' '.repeat(span.start)}${'^'.repeat(span.end - span.start)}`;
  const meant = hint?.();
  return {
    code,
    message,
    excerpt: `    ${harmless(text).replaceAll(/[\n\t]/g, ' ')}\n    ${carets}`,
    ...(meant === undefined ? {} : { hint: meant }),
  };
}
