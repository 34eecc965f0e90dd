import { waitsForPromotion } from './tally.ts';
import type { View } from './view.ts';

/** A key of the live view and what it asks for; the kinds are those of the state's controls. */
export type Key = { readonly key: string; readonly asks: 'pause' | 'continue' | 'promote' | 'abort' };

/** Which keys mean something now. Whoever reads the keyboard asks here, so that hint and effect agree. */
export function keysFor(view: View): readonly Key[] {
  if (view.finished !== undefined || view.abortedBy !== undefined) return [];
  if (view.rollback !== undefined) return [];
  const abort = { key: 'a', asks: 'abort' } as const;
  if (view.pausedBy !== undefined) return [{ key: 'c', asks: 'continue' }, abort];
  if (waitsForPromotion(view)) return [{ key: 'p', asks: 'promote' }, abort];
  return [{ key: 'p', asks: 'pause' }, abort];
}
