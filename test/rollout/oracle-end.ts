import type { EventOf } from '../../src/model/event.ts';
import type { Ledger } from './ledger.ts';

export function checkEnd(ledger: Ledger, event: EventOf<'deployment.finished'>): void {
  ledger.finished = event;
  const { strategy } = ledger.input;
  const phases = ledger.input.instances.map((i) => ({ i, ...ledger.of(i.id) }));
  const touched = phases.filter((p) => p.order > 0);
  const back = touched.filter(
    (p) =>
      p.phase === 'back' ||
      (p.phase === 'failed' && p.restored) ||
      (p.phase === 'done' && p.i.from === p.i.to),
  );
  const same = (what: string, got: unknown, want: unknown): void => {
    if (got !== want) ledger.bad(event, `${what} is ${String(got)}, not ${String(want)}`);
  };
  same('total', event.counts.total, phases.length);
  same('untouched', event.counts.untouched, phases.length - touched.length);
  same('failed', event.counts.failed, phases.filter((p) => p.failed).length);
  same('current', event.counts.current, phases.filter((p) => p.phase === 'done').length);
  same(
    'old',
    event.counts.old,
    phases.filter((p) => p.phase !== 'done' && (p.order === 0 || back.includes(p))).length,
  );
  same('healthy', event.counts.healthy, phases.filter((p) => ledger.healthy(p.i)).length);
  if (event.outcome === 'interrupted') {
    if (!ledger.stopping && !ledger.lease) ledger.bad(event, 'nobody interrupted it');
    const down = phases.some((p) => p.phase === 'failed' && !p.restored);
    if (down && !ledger.lease && strategy.rollback !== 'none') ledger.bad(event, 'leaves a failed one down');
    return;
  }
  if (ledger.flying().length > 0) ledger.bad(event, 'something is still in hand');
  const failures = ledger.failures();
  if (event.outcome === 'succeeded' || event.outcome === 'unchanged') {
    if (failures > strategy.maxFailures) ledger.bad(event, `${failures} failures`);
    if (ledger.rollback !== undefined || ledger.aborted) ledger.bad(event, 'was rolled back or aborted');
    for (const p of phases)
      if (p.phase === 'idle' && !ledger.away.has(p.i.host)) ledger.bad(event, `${p.i.id} was forgotten`);
    if (event.outcome === 'unchanged' && touched.length > 0) ledger.bad(event, 'something was touched');
    if (touched.length > 0 && touched.every((p) => p.phase !== 'done'))
      ledger.bad(event, 'nothing runs the new release');
    return;
  }
  if (event.cause === '') ledger.bad(event, 'has no cause');
  const allBack = back.length === touched.length;
  const want = ledger.aborted
    ? allBack
      ? 'aborted'
      : 'failed'
    : allBack && touched.length > 0
      ? 'rolled-back'
      : 'failed';
  same('outcome', event.outcome, want);
  if (strategy.rollback === 'deployment') {
    for (const p of phases) if (ledger.needsRevert(p.i.id)) ledger.bad(event, `${p.i.id} was not taken back`);
  }
  if (event.outcome !== 'aborted' && failures <= strategy.maxFailures && ledger.hard.length === 0)
    checkExcuse(ledger, event);
}

/** It failed although the failures were within the budget: somebody must have said why. */
function checkExcuse(ledger: Ledger, event: EventOf<'deployment.finished'>): void {
  if (
    /(can be reached|became healthy within|must keep|could not be taken back|aborted by|instances failed)/.test(
      event.cause,
    )
  )
    return;
  ledger.bad(event, `no good reason: ${event.cause}`);
}
