import { describe } from '../config/explain-issue.ts';
import { UsageError } from '../errors.ts';
import type { DraftContext, Step, StepContext, StepDraft } from '../model/playbook.ts';
import type { Strategy } from '../model/strategy.ts';

const TYPES = ['resource', 'release', 'unit', 'logrotate', 'service', 'draft'];
const STOP_TIMEOUT_MS = 30_000;

/**
 * Finishes the drafts among what `steps` returned.
 * @throws UsageError PD2108 for what is no step at all
 */
export function resolveSteps(
  playbook: string,
  given: readonly (Step | StepDraft | undefined | false)[],
  ctx: StepContext<unknown>,
  strategy: Strategy,
): readonly Step[] {
  const entries = checkedSteps(playbook, given);
  const stopTimeoutMs =
    entries.map((e) => (e.type === 'draft' ? e.stopTimeoutMs : undefined)).find((ms) => ms !== undefined) ??
    STOP_TIMEOUT_MS;
  const successorArgs = entries
    .map((e) => (e.type === 'draft' ? e.successorArgs : undefined))
    .find((args) => args !== undefined);
  const known = { strategy, stopTimeoutMs, ...(successorArgs === undefined ? {} : { successorArgs }) };
  return entries.map((entry) => (entry.type === 'draft' ? finish(entry, ctx, known) : entry));
}

function finish(entry: StepDraft, ctx: StepContext<unknown>, known: DraftContext): Step {
  try {
    return entry.make(ctx, known);
  } catch (error) {
    // It went wrong here, but people look for the line where they wrote the step.
    if (error instanceof UsageError) error.stack = `${error.stack ?? ''}\n${entry.stack}`;
    throw error;
  }
}

function checkedSteps(playbook: string, given: unknown): readonly (Step | StepDraft)[] {
  if (given instanceof Promise)
    throw UsageError.of(
      'PD2108',
      `steps() of ${playbook} is async; it must return the list itself`,
      'what it needs to know belongs into variables',
    );
  if (!Array.isArray(given))
    throw UsageError.of('PD2108', `steps() of ${playbook} must return a list, got ${describe(given)}`);
  const entries = given.filter((entry) => entry !== undefined && entry !== false);
  entries.forEach((entry, i) => {
    const type = typeof entry === 'object' && entry !== null ? (entry as { type?: unknown }).type : undefined;
    if (typeof type !== 'string' || !TYPES.includes(type))
      throw UsageError.of(
        'PD2108',
        `steps() of ${playbook}: entry ${i + 1} is not a step (${describe(entry)})`,
        'use file(), release(), service() and the like',
      );
  });
  return entries as readonly (Step | StepDraft)[];
}
