import type { Cordon } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import type { Build } from './build.ts';
import type { HostDraft } from './hosts.ts';

/** The cordon of a host while it holds. `until` is the last day, in UTC, so that everybody sees the same. */
export function cordonOf(build: Build, host: HostDraft): Cordon | undefined {
  const cordon = host.entry?.cordon;
  if (cordon === undefined) return undefined;
  const { reason, until } = cordon;
  const today = build.around.now.toISOString().slice(0, 10);
  if (until === undefined) return { reason };
  if (until >= today) return { reason, until };
  const place = { path: [...host.path, 'cordon', 'until'] };
  const message = `the cordon of ${String(host.path.at(-1))} (${reason}) ended on ${until} and is ignored`;
  build.warn(CODE.cordonExpired, message, place, () => 'remove it');
  return undefined;
}
