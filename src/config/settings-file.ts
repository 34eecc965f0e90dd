import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import type { Json } from '../model/json.ts';
import { settingsSchema } from './schema.ts';
import { type SecretRef, secretRef } from './secret-tag.ts';
import { checkShape } from './shape.ts';
import { readYaml } from './yaml/read.ts';

export type Settings = {
  /** Inventory to use when none is named. */
  readonly inventory?: string;
  /** Hosts prepared at once. */
  readonly forks?: number;
  /** Folder of the state, absolute. */
  readonly state?: string;
  /** Who is told when a scheduled job fails; an address may be a secret. */
  readonly notify?: readonly NotifyTarget[];
};

export type NotifyTarget =
  | { readonly kind: 'webhook' | 'slack'; readonly url: string | SecretRef }
  | { readonly kind: 'sendmail'; readonly to: string }
  | { readonly kind: 'exec'; readonly argv: readonly string[] };

type Parsed =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The text of a `pdeploy.yaml`. An empty file sets nothing. */
export function parseSettings(text: string, file: string): Parsed {
  const read = readYaml(text, file, ([top]) => top === 'notify');
  if (!read.ok) return read;
  if (read.value === null && read.problems.count() === 0) return { ok: true, settings: {} };
  const { value } = checkShape(settingsSchema, read, 'the settings');
  if (value === undefined || read.problems.count() > 0) return { ok: false, problems: read.problems.list() };
  const { inventory, forks, state, notify } = value;
  const settings = {
    ...(inventory === undefined ? {} : { inventory }),
    ...(forks === undefined ? {} : { forks }),
    ...(state === undefined ? {} : { state }),
    ...(notify === undefined ? {} : { notify: notify.flatMap(targetOf) }),
  };
  return { ok: true, settings };
}

type Written = NonNullable<z.output<typeof settingsSchema>['notify']>[number];

function targetOf(written: Written): readonly NotifyTarget[] {
  if ('sendmail' in written) return [{ kind: 'sendmail', to: written.sendmail }];
  if ('exec' in written) return [{ kind: 'exec', argv: written.exec }];
  const [kind, value] =
    'webhook' in written ? (['webhook', written.webhook] as const) : (['slack', written.slack] as const);
  const url = typeof value === 'string' ? value : secretRef(value as Json);
  return url === undefined ? [] : [{ kind, url }];
}
