import type { InstanceObservation } from '../model/facts.ts';
import type { Instance } from '../model/host.ts';
import type { InstancePlan, UnitAction } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { digestOf } from './digest-of.ts';
import type { Compiled } from './input.ts';

/** What is to be done to one instance, from what runs and from what lies on the disk; never from what a run has changed. */
export function planInstance(
  instance: Instance,
  seen: InstanceObservation | undefined,
  compiled: Compiled,
): InstancePlan {
  const [plain, why] = actionOf(seen, compiled);
  const noHandover = plain === 'restart' ? compiled.noHandover?.(instance.name) : undefined;
  const action = noHandover === '' ? 'handover' : plain;
  const from = digestOf(seen?.current ?? '');
  return {
    id: instance.id,
    host: instance.host,
    name: instance.name,
    unit: instance.unit,
    action,
    why,
    ...(noHandover === undefined || noHandover === '' ? {} : { noHandover }),
    from,
    to: compiled.digest,
    unitChanged: seen?.unitSha256 !== compiled.unitSha256,
    broken: seen === undefined || !isUp(seen) || from === '' || digestOf(seen.running) !== from,
  };
}

function actionOf(seen: InstanceObservation | undefined, compiled: Compiled): readonly [UnitAction, string] {
  if (seen === undefined || (seen.current === '' && !isUp(seen))) return ['start', 'not installed yet'];
  if (!isUp(seen)) return ['start', `not running: ${seen.activeState} (${seen.subState})`];
  if (seen.pending !== undefined) {
    return [
      'restart',
      `a trial of ${shortId(digestOf(seen.pending.to))} was neither committed nor taken back`,
    ];
  }
  const running = digestOf(seen.running);
  const current = digestOf(seen.current);
  if (running === '') return ['restart', 'runs something that is no release of it'];
  if (running !== compiled.digest) {
    const enough =
      compiled.reloadFrom.includes(running) && current === running && seen.unitSha256 === compiled.unitSha256;
    return enough
      ? ['reload', `runs ${shortId(running)}, which differs in its configuration alone`]
      : ['restart', `runs ${shortId(running)}`];
  }
  if (current !== compiled.digest) return ['restart', `would run ${shortId(current)} after a reboot`];
  if (seen.unitSha256 !== compiled.unitSha256) return ['restart', 'its unit file differs'];
  return ['nothing', `runs ${shortId(running)} already`];
}

function isUp(seen: InstanceObservation): boolean {
  return (seen.activeState === 'active' || seen.activeState === 'reloading') && seen.mainPid > 0;
}
