import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deliver } from '../../src/schedule/deliver.ts';
import { JOBS } from '../../src/schedule/jobs.ts';
import type { Notice } from '../../src/schedule/notice.ts';
import { scheduleName } from '../../src/schedule/units.ts';
import { tempProject } from '../playbook/temp-project.ts';

const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));
const notice: Notice = {
  v: 1,
  job: 'drift',
  inventory: 'prod',
  project: '/srv/fleet',
  machine: 'control',
  at: '2026-11-29T08:00:00.000Z',
  result: 'exit code 7, changes are pending',
  said: 'Plan: 2 restarts',
};

/** Answers with the statuses in turn, the last for ever, and keeps what it was sent. */
async function receiver(...statuses: readonly number[]) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.writeHead(statuses[Math.min(bodies.push(body), statuses.length) - 1] ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}

describe('a notice', () => {
  const againAfter = [1, 1];

  test('reaches a webhook and Slack, again when they fail', async () => {
    const webhook = await receiver(503, 200);
    expect(await deliver({ kind: 'webhook', url: webhook.url }, notice, { againAfter })).toBeUndefined();
    expect(webhook.bodies.map((body) => JSON.parse(body))).toEqual([notice, notice]);
    const slack = await receiver(200);
    expect(await deliver({ kind: 'slack', url: slack.url }, notice, { againAfter })).toBeUndefined();
    expect(JSON.parse(slack.bodies[0] ?? '')).toEqual({
      text: 'pdeploy drift of prod failed on control: exit code 7, changes are pending (2026-11-29T08:00:00.000Z)\n\nPlan: 2 restarts',
    });
  });

  test('that cannot be delivered says why, after all tries', async () => {
    const broken = await receiver(500);
    expect(await deliver({ kind: 'webhook', url: broken.url }, notice, { againAfter })).toBe(
      'it answers 500',
    );
    expect(broken.bodies).toHaveLength(3);
    expect(await deliver({ kind: 'webhook', url: 'http://127.0.0.1:1/' }, notice, { againAfter })).toBe(
      'ECONNREFUSED',
    );
    expect(await deliver({ kind: 'exec', argv: ['/no/such'] }, notice, { againAfter })).toBe(
      'there is no program /no/such',
    );
    expect(await deliver({ kind: 'exec', argv: ['/bin/false'] }, notice, { againAfter })).toBe(
      '/bin/false ended with 1',
    );
  });

  test('is given to a program on standard input', async () => {
    const dir = tempProject({});
    const argv = ['/bin/sh', '-c', 'cat >"$0"', join(dir, 'told')];
    expect(await deliver({ kind: 'exec', argv }, notice)).toBeUndefined();
    expect(JSON.parse(readFileSync(join(dir, 'told'), 'utf8'))).toEqual(notice);
  });
});

describe('pdeploy schedule', () => {
  function project(settings: string) {
    const dir = tempProject({
      'pdeploy.yaml': settings,
      'inventories/prod.yaml': 'hosts: { a: { address: 127.0.0.1, port: 1 } }\n',
    });
    const run = (...args: readonly string[]) => {
      const ran = spawnSync(process.execPath, [PDEPLOY, 'schedule', ...args], { cwd: dir, encoding: 'utf8' });
      return { code: ran.status, out: ran.stdout, err: ran.stderr };
    };
    return { dir, run };
  }

  test('takes no other job, user or interval', () => {
    const p = project('');
    expect(p.run('install', 'rm', '-i', 'prod').err).toContain(
      'error PD2250: "rm" is no job that can be scheduled',
    );
    expect(p.run('install', 'drift').err).toContain('error PD2222');
    expect(p.run('install', 'drift', '-i', '../x').err).toContain('error PD2222');
    expect(p.run('install', 'drift', '-i', 'none').err).toContain('error PD2060');
    expect(p.run('install', 'drift', '-i', 'prod', '--every', '7h').err).toContain(
      'error PD2250: --every 7h',
    );
    expect(p.run('install', 'drift', '-i', 'prod').err).toContain('a job does not run as root');
    expect(p.run('install', 'drift', '-i', 'prod', '--user', 'nobody').err).toContain('error PD2252');
  });

  test.skipIf(existsSync('/run/systemd/system'))(
    'prints a line for a crontab where there is no systemd',
    () => {
      const p = project('');
      writeFileSync(join(p.dir, 'key'), '');
      const ran = p.run(
        'install',
        'drift',
        '-i',
        'prod',
        '--every',
        '1d',
        '--user',
        'nobody',
        '--identity',
        'key',
      );
      expect([ran.code, ran.err]).toEqual([0, expect.stringContaining('crontab of nobody')]);
      expect(ran.out).toMatch(
        /^\d+ \d+ \* \* \* cd .* && flock -n .* schedule run drift -i prod \|\| .* schedule notify drift -i prod\n$/,
      );
    },
  );

  test('runs a job, keeps how it ended, and tells of it; what nobody took is told the next time', async () => {
    const p = project("notify:\n  - exec: ['./tell.sh']\n");
    const tell = (code: number): void => {
      writeFileSync(join(p.dir, 'tell.sh'), `#!/bin/sh\ncat >>told; exit ${code}\n`);
      chmodSync(join(p.dir, 'tell.sh'), 0o755);
    };
    const ran = p.run('run', 'audit', '-i', 'prod');
    expect(ran.code, ran.err).not.toBe(0);
    const name = scheduleName({
      job: JOBS.find((job) => job.name === 'audit') ?? failing(),
      inventory: 'prod',
      project: p.dir,
    });
    const last = JSON.parse(readFileSync(join(p.dir, `.pdeploy/schedule/${name}.json`), 'utf8'));
    expect(last).toMatchObject({ code: ran.code });
    // Four tries take more than a minute: this one is ended before the second, as systemd would end it.
    tell(0);
    mkdirSync(join(p.dir, '.pdeploy/undelivered'));
    const letter = { notice: { ...notice, job: 'before' }, to: ['program ./tell.sh'] };
    writeFileSync(join(p.dir, '.pdeploy/undelivered/1-before.json'), JSON.stringify(letter));
    const told = p.run('notify', 'audit', '-i', 'prod');
    expect([told.code, told.err]).toEqual([0, 'Told program ./tell.sh.\n']);
    const notices = readFileSync(join(p.dir, 'told'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(notices.map(({ job, result }) => [job, result])).toEqual([
      ['before', notice.result],
      ['audit', `exit code ${ran.code}`],
    ]);
    expect(notices[1].said).toContain('error PD');
    expect(readdirSync(join(p.dir, '.pdeploy/undelivered'))).toEqual([]);
  });

  test('says who is not told, and never the address that is a secret', () => {
    const p = project('notify:\n  - slack: !secret { env: SLACK }\n');
    expect(p.run('notify', 'drift', '-i', 'prod').err).toContain(
      'error PD2141: secret for notify slack: SLACK is not set',
    );
    const wrong = project('notify:\n  - webhook: http://example.org\n  - post: x\n');
    expect(wrong.run('list').err).toMatch(/error PD2015.*pdeploy.yaml:2:14.*pdeploy.yaml:3:5/s);
    expect(project('').run('notify', 'drift', '-i', 'prod').err).toContain('pdeploy.yaml has no "notify"');
  });
});

function failing(): never {
  throw new Error('there is no such job');
}
