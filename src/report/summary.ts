import type { Event } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import { assertNever } from '../util/assert-never.ts';
import { viewOf } from './fold.ts';
import { line, type Span, type Style } from './style.ts';
import { failureBlocks } from './summary-failures.ts';
import { aborted, failed, interrupted, rolledBack, succeeded, unchanged } from './summary-outcomes.ts';
import type { View } from './view.ts';

export type SummaryOptions = {
  /** Was the release marked bad when it failed? A failed rollback marks nothing. Default: yes. */
  readonly marked?: boolean;
  /** Why a log has no end, when that is known. */
  readonly cause?: string;
};

/**
 * The last words about a deployment: what each host is in now, what was never touched, why, and the next command to
 * type. A log without an end is told as an interrupted deployment.
 */
export function summary(
  events: readonly Event[],
  plan: Plan | undefined,
  style: Style,
  options: SummaryOptions = {},
): string {
  const view = viewOf(events, plan);
  const lines = [...failureBlocks(view, style), ...outcomeLines(view, style, options)];
  return lines.map((spans) => line(spans, style)).join('\n');
}

function touched(view: View): boolean {
  return [...view.instances.values()].some((instance) => instance.touched);
}

function outcomeLines(
  view: View,
  style: Style,
  { marked = true, cause }: SummaryOptions,
): readonly (readonly Span[])[] {
  const outcome = view.finished?.outcome ?? 'interrupted';
  switch (outcome) {
    case 'succeeded':
      return succeeded(view, style);
    case 'unchanged':
      return unchanged(view, style);
    case 'rolled-back':
      return rolledBack(view, style, marked);
    case 'failed':
      return touched(view) ? failed(view, style) : rolledBack(view, style, false);
    case 'interrupted':
      return interrupted(view, style, cause);
    case 'aborted':
      return aborted(view, style);
    default:
      return assertNever(outcome);
  }
}
