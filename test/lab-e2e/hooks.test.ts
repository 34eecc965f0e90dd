import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { extendedPlaybook } from './playbook.ts';

/** Writes its name and what it was told into a file of the project. */
const note = (name: string): readonly string[] => [
  'sh',
  '-c',
  'echo "$0 service=$PDEPLOY_SERVICE inventory=$PDEPLOY_INVENTORY_NAME label=$PDEPLOY_LABEL wave=$PDEPLOY_WAVE outcome=$PDEPLOY_OUTCOME cause=$PDEPLOY_CAUSE id=$PDEPLOY_DEPLOYMENT" >>hooks.log; echo said by $0',
  name,
];

const HOOKS = {
  beforePlan: note('beforePlan'),
  beforeWave: note('beforeWave'),
  afterWave: note('afterWave'),
  afterDeployment: note('afterDeployment'),
  onFailure: note('onFailure'),
};

describe('hooks', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 2 });
    await fleet.install('v1');
  });
  afterAll(() => fleet.end());

  function takeLog(): readonly string[] {
    const file = join(fleet.dir, 'hooks.log');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    fleet.write('hooks.log', '');
    return lines.filter((line) => line !== '');
  }

  test('run in order and know the facts of the deployment', async () => {
    fleet.write('playbooks/rollout.ts', extendedPlaybook({ hooks: HOOKS }));
    takeLog();
    const ran = await fleet.rollout('v2', '-e', 'workers=3');
    expect(ran.code, ran.text).toBe(0);
    const id = (await fleet.events())[0]?.deployment;
    const common = 'service=edge inventory=lab label=v2';
    expect(takeLog()).toEqual([
      `beforePlan ${common} wave= outcome= cause= id=`,
      `beforeWave ${common} wave=1 outcome= cause= id=${id}`,
      `afterWave ${common} wave=1 outcome= cause= id=${id}`,
      `beforeWave ${common} wave=2 outcome= cause= id=${id}`,
      `afterWave ${common} wave=2 outcome= cause= id=${id}`,
      `afterDeployment ${common} wave= outcome=succeeded cause= id=${id}`,
    ]);
    const told = (await fleet.events()).flatMap((e) => (e.type === 'hook.finished' ? [e.output] : []));
    expect(told).toContain('said by afterWave');
  });

  test.runIf(hasFaults())('are told why a deployment failed', async () => {
    takeLog();
    const ran = await fleet.rollout('v3', '--healthy-deadline', '2s', '-e', 'fault={"never_ready":true}');
    expect(ran.code, ran.text).toBe(4);
    const log = takeLog();
    expect(log.map((line) => line.split(' ')[0])).toEqual([
      'beforePlan',
      'beforeWave',
      'onFailure',
      'afterDeployment',
    ]);
    expect(log[2]).toMatch(/outcome=rolled-back cause=edge-01@1: was not healthy within 2 s: .*answered 503/);
  });

  test('one that hangs is ended with all its children, and ends the deployment', async () => {
    const pids = await fleet.mainPids();
    const answers = await fleet.answers();
    const marker = `86${process.pid}`;
    const hang = { argv: ['sh', '-c', `sleep ${marker} & sleep ${marker}`], timeout: '700ms' };
    fleet.write('playbooks/rollout.ts', extendedPlaybook({ hooks: { ...HOOKS, beforeWave: hang } }));
    takeLog();
    const ran = await fleet.rollout('v4', '-e', 'workers=5');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('Aborted by the hook beforeWave, which failed.');
    expect(ran.text).toContain('ended after 0.7 s');
    const sleepers = await fleet.local('pgrep', '-f', `^sleep ${marker}$`);
    expect(sleepers.stdout).toBe('');
    expect(await fleet.mainPids()).toEqual(pids);
    expect(await fleet.answers()).toEqual(answers);
    expect(takeLog().map((line) => line.split(' ')[0])).toEqual([
      'beforePlan',
      'onFailure',
      'afterDeployment',
    ]);
  });

  test('one that leaves a program behind is not waited for beyond its time', async () => {
    const marker = `87${process.pid}`;
    const leave = { argv: ['sh', '-c', `setsid sleep ${marker} & exit 0`], timeout: '700ms' };
    fleet.write('playbooks/rollout.ts', extendedPlaybook({ hooks: { afterWave: leave } }));
    const ran = await fleet.rollout('v4', '--wave', '100%', '-e', 'workers=5');
    const left = await fleet.local('pgrep', '-f', `^sleep ${marker}$`);
    process.kill(Number(left.stdout), 'SIGKILL');
    expect(ran.text).toContain('ended after 0.7 s');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('Aborted by the hook afterWave, which failed.');
  });

  test('one before the plan that fails stops everything', async () => {
    const pids = await fleet.mainPids();
    const no = ['sh', '-c', 'echo the freeze is on; exit 1'];
    fleet.write('playbooks/rollout.ts', extendedPlaybook({ hooks: { beforePlan: no } }));
    const ran = await fleet.rollout('v5', '-e', 'workers=6');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.stderr).toContain('error PD3050: the hook beforePlan failed: the freeze is on');
    expect(await fleet.mainPids()).toEqual(pids);
  });
});
