import { describe, expect, test } from 'vitest';
import { decodeInspection, type Inspection } from '../../../src/host/decode/inspection.ts';
import { judgeInspection, judgeKeys, judgeLimits, judgeSudo } from '../../../src/host/privileges/judge.ts';

const AGENT = 'a'.repeat(64);
const RULE = '(root) NOPASSWD: /usr/local/libexec/pdeploy-agent ""';
const COMMAND = 'command="exec sudo -n /usr/local/libexec/pdeploy-agent"';

/** As sudo 1.9.13 prints it. */
const sudoSays = (...rules: string[]): string =>
  [
    'Matching Defaults entries for pdeploy on edge-01:',
    '    env_reset, mail_badpass, secure_path=/usr/sbin\\:/usr/bin, !use_pty',
    '',
    'User pdeploy may run the following commands on edge-01:',
    ...rules.map((rule) => `    ${rule}`),
    '',
  ].join('\n');

describe('sudo', () => {
  test('the one rule, also when it is there twice', () => {
    expect(judgeSudo(sudoSays(RULE)).level).toBe('ok');
    expect(judgeSudo(sudoSays(RULE, RULE)).level).toBe('ok');
  });

  test.each([
    ['a second rule', sudoSays(RULE, '(ALL) NOPASSWD: ALL'), /: \(ALL\) NOPASSWD: ALL$/],
    ['arguments', sudoSays(RULE.replace(' ""', '')), /more than the agent/],
    ['another user', sudoSays(RULE.replace('(root)', '(ALL)')), /more than the agent/],
    ['an environment', sudoSays(RULE.replace('NOPASSWD', 'NOPASSWD, SETENV')), /more than the agent/],
    ['two commands', sudoSays(`${RULE}, /bin/sh`), /more than the agent/],
    ['nothing', '', /nobody can say/],
    ['not allowed', 'User pdeploy is not allowed to run sudo on edge-01.\n', /nobody can say/],
  ])('%s', (_what, text, why) => {
    expect(judgeSudo(text)).toMatchObject({ level: 'fail', text: expect.stringMatching(why) });
  });
});

describe('keys', () => {
  const key = 'ssh-ed25519 AAAA ci';

  test.each([
    [`restrict,${COMMAND} ${key}`],
    [`# a comment\n\nrestrict,${COMMAND} ${key}\nrestrict,${COMMAND} ${key}`],
    [`${COMMAND},restrict,from="192.0.2.0/24,!192.0.2.9",no-pty ${key}`],
    [`restrict,from="a, b",${COMMAND} ${key}`],
  ])('%s', (text) => {
    expect(judgeKeys(text)).toMatchObject({ level: 'ok' });
  });

  test.each([
    [key, 'key 1 is not restricted'],
    [`${COMMAND} ${key}`, 'key 1 is not restricted'],
    [`restrict ${key}`, 'key 1 is not bound to the agent'],
    [`restrict,command="/bin/sh" ${key}`, 'key 1 is not bound to the agent'],
    [`restrict,${COMMAND.replace('agent"', 'agent root"')} ${key}`, 'key 1 is not bound to the agent'],
    [`restrict,from="x,${COMMAND.replaceAll('"', '\\"')}" ${key}`, 'key 1 is not bound to the agent'],
    [`restrict,${COMMAND},pty ${key}`, 'key 1 has the option pty'],
    [`restrict,${COMMAND},port-forwarding ${key}`, 'key 1 has the option port-forwarding'],
    [`restrict,${COMMAND},command="sh" ${key}`, 'key 1 has the option command="sh"'],
    [`cert-authority,restrict,${COMMAND} ${key}`, 'key 1 has the option cert-authority'],
    [`restrict,${COMMAND} ${key}\n${key}`, 'key 2 is not restricted'],
  ])('%s', (text, why) => {
    expect(judgeKeys(text)).toMatchObject({ level: 'fail', text: why });
  });

  test('somewhere else', () => {
    expect(judgeKeys(undefined)).toMatchObject({ level: 'warn' });
  });
});

const FINE: Inspection = {
  bound: true,
  login: 'pdeploy',
  agent: { stated: AGENT, found: AGENT },
  standing: [{ path: '/etc/pdeploy/policy', owner: 'root', mode: '644', type: 'file' }],
  policy: '# note\npolicy deploy\nservice edge\n',
  keys: `restrict,${COMMAND} ssh-ed25519 AAAA\n`,
  sudo: sudoSays(RULE),
  instances: [{ name: '1', user: 'edge', nofile: { asked: 1024, got: 1024 } }],
};

describe('an inspection', () => {
  const judged = (more: Partial<Inspection>) =>
    judgeInspection({ ...FINE, ...more }, AGENT, ['edge']).filter((check) => check.level !== 'ok');

  test('with nothing wrong', () => {
    expect(judged({})).toEqual([]);
    expect(judgeLimits(FINE)).toMatchObject({ level: 'ok' });
  });

  test.each([
    ['another agent', { agent: { stated: 'b'.repeat(64), found: AGENT } }, 'agent', 'fail'],
    ['a changed agent', { agent: { stated: AGENT, found: 'b'.repeat(64) } }, 'agent', 'fail'],
    ['no policy', { policy: undefined }, 'policy', 'fail'],
    ['a policy that names another service', { policy: 'policy deploy\nservice web\n' }, 'policy', 'fail'],
    ['the host policy', { policy: 'policy host\n' }, 'policy', 'warn'],
    [
      'a file of somebody',
      { standing: [{ path: '/x', owner: 'ci', mode: '644', type: 'file' }] },
      'files',
      'fail',
    ],
    [
      'a file for its group',
      { standing: [{ path: '/x', owner: 'root', mode: '664', type: 'file' }] },
      'files',
      'fail',
    ],
    [
      'a directory for all',
      { standing: [{ path: '/x', owner: 'root', mode: '1777', type: 'directory' }] },
      'files',
      'fail',
    ],
    ['a link', { standing: [{ path: '/x', owner: 'root', mode: '777', type: 'link' }] }, 'files', 'fail'],
    [
      'a service that runs as root',
      { instances: [{ name: '1', user: 'root', nofile: undefined }] },
      'service user',
      'warn',
    ],
  ] satisfies readonly (readonly [string, Partial<Inspection>, string, string])[])(
    'with %s',
    (_what, more, what, level) => {
      expect(judged(more)).toEqual([{ what, level, text: expect.any(String) }]);
    },
  );

  test('with a balancer that the policy does not name', () => {
    const balancers = [{ service: 'edge', socket: '/run/haproxy/admin.sock', backend: 'edge' }];
    const line = 'balancer edge /run/haproxy/admin.sock edge';
    const judge = (policy: string) =>
      judgeInspection({ ...FINE, policy }, AGENT, [], balancers).find((check) => check.what === 'policy');
    expect(judge(`policy deploy\nservice edge\n${line}\n`)).toMatchObject({ level: 'ok' });
    expect(judge('policy deploy\nservice edge\n')).toMatchObject({
      level: 'fail',
      text: `deploy: edge; it does not name ${line}`,
    });
    expect(judge(`policy deploy\nservice web\n${line.replace('admin', 'other')}\n`)).toMatchObject({
      level: 'fail',
      text: `deploy: web; it does not name edge, ${line}`,
    });
  });

  test('of root is about the host alone', () => {
    expect(judged({ bound: false, login: 'root', sudo: '', keys: undefined, policy: undefined })).toEqual([]);
  });

  test('with fewer open files than were asked for', () => {
    const instances = [{ name: '1', user: 'edge', nofile: { asked: 131_072, got: 20_000 } }];
    expect(judgeLimits({ ...FINE, instances })).toMatchObject({
      level: 'warn',
      text: '1 asked 131072, got 20000',
    });
  });
});

test('the reply of inspect', () => {
  const text = (value: string): string => Buffer.from(value).toString('base64');
  const inspection = decodeInspection([
    'fact arch x86_64',
    'caller 1 pdeploy',
    `agent ${AGENT} ${AGENT}`,
    'standing root 755 d /etc/pdeploy',
    'standing root 440 f /etc/sudoers.d/with space',
    'standing nonsense',
    `policy ${text('policy deploy\n')}`,
    `sudo ${text('x')}`,
    'instance 1 edge 131072 20000',
    'instance 2 root infinity -',
  ]);
  expect(inspection).toEqual({
    bound: true,
    login: 'pdeploy',
    agent: { stated: AGENT, found: AGENT },
    standing: [
      { path: '/etc/pdeploy', owner: 'root', mode: '755', type: 'directory' },
      { path: '/etc/sudoers.d/with space', owner: 'root', mode: '440', type: 'file' },
    ],
    policy: 'policy deploy\n',
    keys: undefined,
    sudo: 'x',
    instances: [
      { name: '1', user: 'edge', nofile: { asked: 131_072, got: 20_000 } },
      { name: '2', user: 'root', nofile: undefined },
    ],
  });
  expect(decodeInspection([]).bound).toBe(true);
});
