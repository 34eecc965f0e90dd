import { tellInstance } from './instance-text.ts';
import { type Layout, nameColumn, type Row, row } from './layout.ts';
import type { View } from './view.ts';
import { backOn, count } from './words.ts';

/** How many are back, and a line for each that is on its way or could not go. */
export function rollbackRows(view: View, options: Layout, most: number): readonly Row[] {
  const all = [...view.instances.values()];
  const back = all.filter((instance) => instance.phase === 'reverted').length;
  const stuck = all.filter((instance) => instance.phase === 'revert-failed');
  const moving = all.filter((instance) => instance.phase === 'reverting');
  if (view.rollback === undefined && back + stuck.length + moving.length === 0) return [];
  const total = Math.max(view.rollback?.instances.length ?? 0, back + stuck.length + moving.length);
  const running = moving.length > 0 || (view.finished === undefined && back + stuck.length < total);
  const first = row(
    {
      glyph: stuck.length > 0 ? 'failed' : running ? 'running' : 'done',
      label: 'rollback',
      name: `${back} of ${count(total, 'instance')} ${backOn(view.from)}`,
    },
    options,
  );
  const lines = [...stuck, ...moving];
  const shown = lines.length > most - 1 ? lines.slice(0, Math.max(0, most - 2)) : lines;
  const width = nameColumn(shown.map((instance) => instance.id));
  const rows = shown.map((instance) => {
    const { what, detail } = tellInstance(instance, view);
    const glyph = instance.phase === 'reverting' ? 'running' : 'failed';
    return row({ glyph, label: '', name: instance.id, what, detail }, options, width);
  });
  const hidden = lines.length - shown.length;
  if (hidden > 0 && most > 1) rows.push(row({ label: '', name: `and ${hidden} more` }, options));
  return [first, ...rows];
}
