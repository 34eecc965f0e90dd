import { footerRow, headerRow } from './frame-edges.ts';
import { prepareRows, warningRows } from './frame-prepare.ts';
import { rollbackRows } from './frame-rollback.ts';
import { waveRows } from './frame-waves.ts';
import { type FrameOptions, labelColumn, type Row } from './layout.ts';
import { line } from './style.ts';
import type { View } from './view.ts';

/** The parts of the live view, top to bottom; each is one task of the list on the terminal. */
export type Sections = {
  readonly deployment: readonly string[];
  readonly prepare: readonly string[];
  readonly waves: readonly string[];
  readonly rollback: readonly string[];
  readonly tally: readonly string[];
};

/** The fewest lines that can show anything of use. */
const LEAST_ROWS = 8;

/**
 * Fits the terminal whatever the size of the fleet: what runs and what failed comes first, what is done is counted.
 */
export function renderSections(view: View, frame: FrameOptions): Sections {
  const options = { ...frame, label: labelColumn(view.waves.size) };
  const rows = Math.max(options.rows, LEAST_ROWS) - 1;
  const prepare = prepareRows(view, options, Math.max(1, Math.floor(rows / 4)));
  const warnings = warningRows(view, options, rows >= 16 ? 2 : 1);
  const left = rows - 2 - prepare.length - warnings.length;
  const rollback = rollbackRows(view, options, Math.max(1, Math.floor(left / 2)));
  const waves = waveRows(view, options, left - rollback.length);
  const paint = (some: readonly Row[]) =>
    some.map((spans) =>
      line(spans, { unicode: options.unicode, color: options.color === true }, options.columns),
    );
  return {
    deployment: paint([headerRow(view, options)]),
    prepare: paint(prepare),
    waves: paint(waves),
    rollback: paint([...rollback, ...warnings]),
    tally: paint([footerRow(view, options)]),
  };
}

export function renderFrame(view: View, options: FrameOptions): string[] {
  const { deployment, prepare, waves, rollback, tally } = renderSections(view, options);
  return [...deployment, ...prepare, ...waves, ...rollback, ...tally];
}
