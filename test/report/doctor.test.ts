import { expect, test } from 'vitest';
import { fail, ok, warn } from '../../src/model/check.ts';
import { bootstrapText } from '../../src/report/bootstrap.ts';
import { doctorText } from '../../src/report/doctor.ts';
import { PLAIN } from '../../src/report/style.ts';

const HERE = { where: 'here', checks: [ok('node', 'v24.21.0')] };
const BROKEN = {
  where: 'edge-01',
  checks: [ok('reached', 'as pdeploy'), warn('open files', 'few'), fail('sudo', 'allows\u001b[31m more')],
};

test('a block for each place, and nothing of a host’s words but text', () => {
  expect(doctorText([HERE, BROKEN], PLAIN)).toBe(
    [
      'here   1 ok',
      '  + ok    node            v24.21.0',
      '',
      'edge-01   1 ok, 1 warn, 1 fail',
      '  + ok    reached         as pdeploy',
      '  ! warn  open files      few',
      '  x fail  sudo            allows more',
    ].join('\n'),
  );
});

test('of many hosts only what is not in order', () => {
  const many = Array.from({ length: 6 }, (_, i) => ({
    where: `edge-1${i}`,
    checks: [ok('reached', 'as pdeploy')],
  }));
  expect(
    doctorText([...many, BROKEN], PLAIN)
      .split('\n')
      .slice(5),
  ).toEqual([
    'edge-15   1 ok',
    'edge-01   1 ok, 1 warn, 1 fail',
    '  ! warn  open files      few',
    '  x fail  sudo            allows more',
  ]);
});

test('what bootstrap would change, each change once', () => {
  const policy = {
    step: 'file:/etc/pdeploy/policy',
    action: 'change',
    changes: [
      { field: 'owner', from: 'ci', to: 'root' },
      { field: 'content', from: 'a', to: 'b' },
    ],
    diff: '--- /etc/pdeploy/policy (now)\n+++ /etc/pdeploy/policy (after)\n@@ -1,1 +1,1 @@\n-policy host\n+policy deploy\n',
  } as const;
  const user = {
    step: 'user:pdeploy',
    action: 'add',
    changes: [{ field: 'state', from: 'absent', to: 'system user' }],
  } as const;
  const hosts = [
    { host: 'edge-01', changes: [user, policy], warnings: [] },
    { host: 'edge-02', changes: [policy], warnings: ['its sshd may not read it'] },
  ];
  expect(bootstrapText(hosts, PLAIN)).toBe(
    [
      '  + user pdeploy   system user   on 1 of 2 hosts: edge-01',
      '  ~ file /etc/pdeploy/policy   owner ci -> root',
      '      -policy host',
      '      +policy deploy',
      '! edge-02: its sshd may not read it',
    ].join('\n'),
  );
});
