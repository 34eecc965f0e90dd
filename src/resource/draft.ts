import type { DraftContext, Step, StepContext, StepDraft } from '../model/playbook.ts';

/** A step that needs the context of the host to be finished. Remembers where in the playbook it was written. */
export function draft(
  make: (ctx: StepContext<unknown>, playbook: DraftContext) => Step,
  more: Pick<StepDraft, 'stopTimeoutMs' | 'successorArgs'> = {},
): StepDraft {
  const written = new Error('written here');
  return {
    type: 'draft',
    ...more,
    // Turning a stack into text is slow, and needed only when something went wrong.
    get stack() {
      return written.stack ?? '';
    },
    make,
  };
}
