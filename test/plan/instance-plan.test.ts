import { describe, expect, it } from 'vitest';
import type { InstanceObservation } from '../../src/model/facts.ts';
import { planInstance } from '../../src/plan/instance-plan.ts';
import { compiled, host, NEW, OLD, running, UNIT } from './build.ts';

function plan(seen: InstanceObservation | undefined, want = compiled()): string {
  const [instance] = host('edge-01').instances;
  if (instance === undefined) throw new Error('no instance');
  const { action, why, from, unitChanged, broken } = planInstance(instance, seen, want);
  return [action, why, from.slice(0, 7), unitChanged ? 'unit changed' : '', broken ? 'broken' : '']
    .filter((t) => t !== '')
    .join(' | ');
}

describe('what is done to an instance', () => {
  it.each([
    ['nothing is there', undefined, 'start | not installed yet | unit changed | broken'],
    [
      'only a unit is there',
      running('', { activeState: 'inactive', mainPid: 0 }),
      'start | not installed yet | unit changed | broken',
    ],
    ['it runs the release', running(NEW), 'nothing | runs 9b7e01d already | 9b7e01d'],
    [
      'it is reloading',
      running(NEW, { activeState: 'reloading' }),
      'nothing | runs 9b7e01d already | 9b7e01d',
    ],
    ['it runs the old one', running(OLD), 'restart | runs 4f1c2a9 | 4f1c2a9 | unit changed'],
    [
      'its unit differs',
      running(NEW, { unitSha256: 'x' }),
      'restart | its unit file differs | 9b7e01d | unit changed',
    ],
    [
      'it is stopped',
      running(NEW, { activeState: 'inactive', subState: 'dead', mainPid: 0, running: '' }),
      'start | not running: inactive (dead) | 9b7e01d | broken',
    ],
    [
      'it failed',
      running(OLD, { activeState: 'failed', subState: 'failed', mainPid: 0, running: '' }),
      'start | not running: failed (failed) | 4f1c2a9 | unit changed | broken',
    ],
    [
      'it restarts again and again',
      running(OLD, { activeState: 'activating', subState: 'auto-restart', mainPid: 0, running: '' }),
      'start | not running: activating (auto-restart) | 4f1c2a9 | unit changed | broken',
    ],
    [
      'it has no process',
      running(OLD, { mainPid: 0 }),
      'start | not running: active (running) | 4f1c2a9 | unit changed | broken',
    ],
    [
      'its binary was replaced under it',
      running(NEW, { running: '' }),
      'restart | runs something that is no release of it | 9b7e01d | broken',
    ],
    [
      'it runs another one than its link says',
      running(OLD, { running: NEW }),
      'restart | would run 4f1c2a9 after a reboot | 4f1c2a9 | unit changed | broken',
    ],
    [
      'the link moved but it was not restarted',
      running(NEW, { running: OLD }),
      'restart | runs 4f1c2a9 | 9b7e01d | broken',
    ],
    [
      'a trial is open',
      running(OLD, { running: NEW, pending: { opId: 'o', from: OLD, to: NEW } }),
      'restart | a trial of 9b7e01d was neither committed nor taken back | 4f1c2a9 | unit changed | broken',
    ],
    [
      'directories are given as paths',
      running(`/opt/pdeploy/edge/releases/${NEW}`, { unitSha256: 'unit-new' }),
      'nothing | runs 9b7e01d already | 9b7e01d',
    ],
  ])('%s', (_, seen, want) => {
    expect(plan(seen)).toBe(want);
  });

  const reloadable = compiled({ reloadFrom: [OLD] });

  it.each([
    [
      'it runs one that differs in its configuration alone',
      running(OLD, { unitSha256: UNIT }),
      'reload | runs 4f1c2a9, which differs in its configuration alone | 4f1c2a9',
    ],
    [
      'the same, under a unit that somebody changed',
      running(OLD),
      'restart | runs 4f1c2a9 | 4f1c2a9 | unit changed',
    ],
    [
      'the same, in a process that its link has left',
      running(NEW, { running: OLD }),
      'restart | runs 4f1c2a9 | 9b7e01d | broken',
    ],
    [
      'the same, stopped',
      running(OLD, { unitSha256: UNIT, activeState: 'inactive', subState: 'dead', mainPid: 0 }),
      'start | not running: inactive (dead) | 4f1c2a9 | broken',
    ],
  ])('can be reloaded: %s', (_, seen, want) => {
    expect(plan(seen, reloadable)).toBe(want);
  });
});
