import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { calendarOf } from '../../src/schedule/calendar.ts';
import { JOBS } from '../../src/schedule/jobs.ts';
import { crontabLine, type Schedule, scheduleName, scheduleUnits } from '../../src/schedule/units.ts';
import { tempProject } from '../playbook/temp-project.ts';
import { exposure, hasSystemd } from '../resource/systemd-analyze.ts';

const EVERY = ['1m', '5m', '30m', '1h', '2h', '6h', '12h', '1d', '7d'];
const DAY = 86_400;
const [job] = JOBS;
if (job === undefined) throw new Error('there is no job');
const schedule: Schedule = {
  job,
  inventory: 'prod',
  project: '/srv/fleet',
  every: '12h',
  user: 'deploy',
  home: '/home/deploy',
  node: '/usr/bin/node',
  program: '/opt/pdeploy-cli/bin/pdeploy',
  installation: '/opt/pdeploy-cli',
  state: '/srv/fleet/.pdeploy',
  identity: '/etc/pdeploy/ci',
  ageKey: '/etc/pdeploy/age.key',
};
const calendar = calendarOf('12h', 'a');
if (calendar === undefined) throw new Error('no calendar');

describe('times', () => {
  test.each(EVERY)(
    'every %s are at equal distance, the same each time, and others for another key',
    (every) => {
      const one = calendarOf(every, 'one');
      expect(calendarOf(every, 'one')).toEqual(one);
      const keys = Array.from({ length: 50 }, (_, n) => calendarOf(every, `key ${n}`)?.onCalendar);
      expect(new Set(keys).size).toBeGreaterThan(30);
    },
  );

  test.each(['90m', '0s', '7h', '2d', '30s', 'often', ''])('%j cannot be told by a clock', (every) => {
    expect(calendarOf(every, 'a')).toBeUndefined();
  });

  test.skipIf(!hasSystemd).each(EVERY)('every %s is what systemd reads', (every) => {
    for (const key of ['a', 'b', 'c']) {
      const at = calendarOf(every, key)?.onCalendar ?? '';
      const ran = spawnSync(
        'systemd-analyze',
        ['calendar', '--iterations=3', '--base-time=2026-11-29 00:00:00 UTC', at],
        {
          encoding: 'utf8',
          env: { ...process.env, TZ: 'UTC' },
        },
      );
      expect(ran.status, ran.stderr).toBe(0);
      const times = [
        ...ran.stdout.matchAll(/(?:Next elapse|Iter\. #\d): \w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g),
      ].map((m) => Date.parse(`${m[1]}T${m[2]}Z`) / 1_000);
      const gap = { m: 60, h: 3_600, d: DAY }[every.slice(-1)] ?? 0;
      expect(times).toHaveLength(3);
      expect([(times[1] ?? 0) - (times[0] ?? 0), (times[2] ?? 0) - (times[1] ?? 0)]).toEqual(
        Array(2).fill(Number.parseInt(every, 10) * gap),
      );
    }
  });

  test('in a crontab are the same', () => {
    for (const key of ['a', 'b', 'c', 'd']) {
      const { onCalendar = '', cron = '' } = calendarOf('12h', key) ?? {};
      const [, hours = '', minute = ''] = /^\*-\*-\* ([\d,]+):(\d\d):\d\d$/.exec(onCalendar) ?? [];
      expect(cron).toBe(`${Number(minute)} ${hours.split(',').map(Number).join(',')} * * *`);
      const week = calendarOf('7d', key);
      const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(
        week?.onCalendar.slice(0, 3) ?? '',
      );
      expect(week?.cron.split(' ').at(-1)).toBe(String(day));
    }
  });
});

describe.skipIf(!hasSystemd)('units', () => {
  const units = scheduleUnits(schedule, calendar);

  test('are understood by systemd and shut in', () => {
    const dir = tempProject({});
    for (const { name, text } of units) writeFileSync(join(dir, name), text);
    const ran = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...units.map(({ name }) => join(dir, name))],
      {
        encoding: 'utf8',
      },
    );
    const said = ran.stderr
      .split('\n')
      .filter((line) => line.includes(dir.slice(1)) || line.includes('pdeploy-certs'));
    expect(said.filter((line) => !/is not executable/.test(line))).toEqual([]);
    for (const { name, text } of units)
      if (name.endsWith('.service')) expect(exposure(text), name).toBeLessThanOrEqual(1.6);
  });

  test('run as an ordinary user with the credentials that were named, and tell of every failure', () => {
    const [service, failed, timer] = units;
    expect(service?.text).toMatch(/^User=deploy$/m);
    expect(service?.text.match(/^LoadCredential=.*$/gm)).toEqual([
      'LoadCredential=ssh-key:/etc/pdeploy/ci',
      'LoadCredential=age.key:/etc/pdeploy/age.key',
    ]);
    expect(service?.text).toContain(`OnFailure=${failed?.name}\n`);
    expect(service?.text).toContain(
      'ExecStart=/usr/bin/node /opt/pdeploy-cli/bin/pdeploy schedule run "certs status" -i prod\n',
    );
    expect(failed?.text).toContain('schedule notify "certs status" -i prod\n');
    expect(failed?.text).not.toContain('OnFailure');
    expect(timer?.text).toMatch(/^Persistent=true$/m);
    expect(timer?.text).toMatch(/^FixedRandomDelay=true$/m);
    const without = scheduleUnits({ ...schedule, ageKey: undefined }, calendar);
    expect(without[0]?.text).not.toContain('age');
  });
});

test('the name tells job, inventory and project', () => {
  expect(scheduleName(schedule)).toMatch(/^pdeploy-certs-status-prod-[0-9a-f]{6}$/);
  expect(scheduleName({ ...schedule, project: '/srv/other' })).not.toBe(scheduleName(schedule));
});

test('a line of a crontab goes through a shell as it is meant', () => {
  const project = tempProject({
    'bin/tool': '#!/bin/sh\necho "$PDEPLOY_SSH_KEY|$*" >>"$OUT"\n[ "$2" != run ]\n',
  });
  spawnSync('chmod', ['755', join(project, 'bin/tool')]);
  const line = crontabLine(
    {
      ...schedule,
      project,
      state: project,
      node: '/bin/sh',
      program: join(project, 'bin/tool'),
      identity: "/etc/it's 100%",
      ageKey: undefined,
    },
    calendar,
  );
  const [, command = ''] = /^(?:\S+ ){5}(.*)$/.exec(line) ?? [];
  // As cron does it: an escaped percent sign is one.
  const ran = spawnSync('/bin/sh', ['-c', command.replaceAll('\\%', '%')], {
    encoding: 'utf8',
    env: { ...process.env, OUT: join(project, 'out') },
  });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  expect(spawnSync('cat', [join(project, 'out')], { encoding: 'utf8' }).stdout).toBe(
    "/etc/it's 100%|schedule run certs status -i prod\n/etc/it's 100%|schedule notify certs status -i prod\n",
  );
});
