import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentScript } from '../../src/host/assemble.ts';
import { type AgentRequest, agentRequest, type Field, type Verb } from '../../src/host/request.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults, lab } from './lab-file.ts';
import { deployLogin, type Login } from './login.ts';
import { ownPlaybook } from './playbook.ts';

const AGENT = '/usr/local/libexec/pdeploy-agent';

let fleet: Fleet;
let login: Login;

beforeAll(async () => {
  fleet = await openFleet({ hosts: 2 });
  login = deployLogin(fleet);
  // A first install brings a unit, and that is for an administrator.
  await fleet.install('v1');
});
afterAll(async () => {
  await login.remove();
  await fleet.end();
});

const bootstrap = (...args: string[]) =>
  fleet.pdeploy('hosts', 'bootstrap', '-i', 'lab', '--key', login.publicKey, ...args);

describe('hosts bootstrap', () => {
  test('shows what it would change, and changes nothing unless somebody says yes', async () => {
    for (const ran of [await bootstrap('--check'), await bootstrap()]) {
      expect(ran.stderr).toContain('login pdeploy on lab, 2 hosts: releases of edge');
      expect(ran.stderr).toMatch(/^ {6}\+pdeploy ALL=\(root\) NOPASSWD: \S+pdeploy-agent ""$/m);
      expect(ran.stderr).toContain('+ file /home/pdeploy/.ssh/authorized_keys   file 0644 root:root');
      expect(ran.code).toBe(ran.stderr.includes('PD2230') ? 2 : 0);
    }
    expect((await fleet.ssh('edge-01', 'ls -d /etc/pdeploy /home/pdeploy')).stdout).toBe('');
  });

  test('makes the login, says what to write next, and finds nothing to change the second time', async () => {
    const first = await bootstrap('--yes');
    expect(first.code, first.text).toBe(0);
    expect(first.stderr).toContain('Done on edge-01, edge-02.\nNext: in the inventory');
    const stamp = `stat -c '%n %Z' /etc/pdeploy/policy /etc/sudoers.d/pdeploy /home/pdeploy/.ssh/authorized_keys /etc/passwd /etc/shadow`;
    const before = await fleet.ssh('edge-01', stamp);
    const second = await bootstrap('--yes');
    expect(second.code, second.text).toBe(0);
    expect(second.stderr).toContain('Nothing has been changed: 2 hosts are as they should be.');
    expect(await fleet.ssh('edge-01', stamp)).toEqual(before);
  });

  test('names the balancers of the playbook, and keeps what somebody else wrote into the policy', async () => {
    const pin = 'minisign web RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';
    const named = 'balancer edge /run/haproxy/admin.sock edge';
    await fleet.ssh('edge-02', `echo '${pin}' >>/etc/pdeploy/policy`);
    const drained = ownPlaybook({
      service: "drain: [haproxy({ balancers: ['edge-02'], backend: 'edge' })],",
    });
    const deployer = login.project('balancers', 'ssh2');
    deployer.write('playbooks/rollout.ts', drained);
    const missing = await deployer.pdeploy('doctor', 'edge-02', '-i', 'lab');
    const playbook = fleet.write('playbooks/rollout.ts', drained);
    const ran = await bootstrap('--yes');
    const policies = await Promise.all(fleet.hosts.map((h) => fleet.ssh(h.name, 'cat /etc/pdeploy/policy')));
    rmSync(playbook);
    await fleet.ssh('edge-02', `sed -i '/^minisign/d; /^balancer/d' /etc/pdeploy/policy`);
    expect(missing.code, missing.text).toBe(3);
    expect(missing.stdout).toMatch(new RegExp(`fail {2}policy +deploy: edge; it does not name ${named}\n`));
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stderr).toContain('Done on edge-02; 1 host is as it should be.');
    expect(policies[0]?.stdout).not.toContain('balancer');
    expect(policies[1]?.stdout.split('\n').slice(-5)).toEqual([
      'policy deploy',
      'service edge',
      named,
      pin,
      '',
    ]);
  });

  test('an account that is somebody’s is left to him', async () => {
    const ran = await bootstrap('--yes', '--user', 'deploy');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.stderr).toContain('there is another account deploy');
  });

  test('sudoers that visudo does not take never get to their place, and all else goes back', async () => {
    await fleet.ssh(
      'edge-02',
      `mv /usr/sbin/visudo /usr/sbin/visudo.real
      printf '#!/bin/sh\\n[ "$1" = -V ] || exit 1\\n' >/usr/sbin/visudo; chmod 755 /usr/sbin/visudo`,
    );
    const ran = await bootstrap('--yes', '--user', 'other', '-l', 'edge-02');
    await fleet.ssh('edge-02', 'mv /usr/sbin/visudo.real /usr/sbin/visudo');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.stderr).toMatch(/edge-02: command \d+ failed: .*\(as it was before\)/);
    const left = await fleet.ssh(
      'edge-02',
      'cat /etc/sudoers.d/pdeploy /etc/pdeploy/policy; ls -d /home/other /etc/pdeploy/*',
    );
    expect(left.stdout).not.toContain('other');
    expect(left.stdout).not.toContain('sudoers.new');
  });
});

// Another configuration of caddy is another unit, which the login may not bring.
describe.runIf(hasFaults())('the login', () => {
  test.each([
    ['ssh2', 3],
    ['openssh', 4],
  ] as const)('rolls a good release out over %s, and a bad one goes back', async (transport, workers) => {
    const project = login.project(transport, transport);
    const [old] = await fleet.answers();
    const good = await project.rollout(`v2-${transport}`, '-e', `workers=${workers}`);
    expect(good.code, good.text).toBe(0);
    const [now, ...others] = await fleet.answers();
    expect(now).not.toBe(old);
    expect(others).toEqual([now]);
    const bad = await project.rollout('v3', '--healthy-deadline', '3s', '-e', 'fault={"never_ready":true}');
    expect(bad.code, bad.text).toBe(4);
    expect(await fleet.answers()).toEqual([now, now]);
  });

  test('can compare the record with that of the hosts', async () => {
    const ran = await login.project('ssh2', 'ssh2').pdeploy('audit', 'verify', '-i', 'lab');
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stdout).toContain('✔ edge-01: 2 anchors as in this record');
  });

  test('may not change the unit', async () => {
    const ran = await login.project('unit', 'ssh2').rollout('v4', '-e', 'hardening=B');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('the unit or logrotate file of edge@1.service would change');
    expect(ran.text).toContain('No instance was touched.');
  });
});

test('a host without sudo is refused, and says what is missing', async () => {
  await fleet.ssh('edge-02', 'mv /usr/bin/sudo /usr/bin/sudo.away');
  const made = await bootstrap('--yes', '-l', 'edge-02');
  const used = await login.project('ssh2', 'ssh2').pdeploy('hosts', 'facts', 'edge-02', '-i', 'lab');
  await fleet.ssh('edge-02', 'mv /usr/bin/sudo.away /usr/bin/sudo');
  expect([made.code, used.code]).toEqual([3, 3]);
  expect(made.stderr).toContain(
    'error PD3401: edge-02: sudo is not installed there; install the package sudo',
  );
  expect(used.stdout).toContain('sudo is not installed there, and the login is not root');
});

describe('doctor', () => {
  const doctor = (transport: 'ssh2' | 'openssh') =>
    login.project(`doctor-${transport}`, transport).pdeploy('doctor', '-i', 'lab');

  test.each(['ssh2', 'openssh'] as const)('finds nothing in the way over %s', async (transport) => {
    const ran = await doctor(transport);
    expect(ran.code, ran.text).toBe(0);
    // In a container systemd cannot raise the limit that the unit asks for.
    const rest = ran.stdout.split('\n').filter((line) => / (warn|fail) {2}/.test(line));
    expect(rest.filter((line) => !/warn {2}open files +1 asked 131072, got \d+$/.test(line))).toEqual([]);
    const refused = ran.stdout.match(/forced command {2}9 of 9 attempts to do anything else refused/g);
    expect(refused).toHaveLength(2);
    expect(ran.stdout.match(/sudo {12}allows the agent without arguments, and nothing else/g)).toHaveLength(
      2,
    );
  });

  test('warns of root, and can say it in JSON', async () => {
    const ran = await fleet.pdeploy('doctor', 'edge-02', '-i', 'lab', '--json');
    expect(ran.code, ran.text).toBe(0);
    const { hosts } = JSON.parse(ran.stdout);
    expect(hosts).toHaveLength(1);
    expect(hosts[0].checks).toContainEqual({
      what: 'login',
      level: 'warn',
      text: 'root login: pdeploy hosts bootstrap makes one that can do less',
    });
  });

  const KEYS = '/home/pdeploy/.ssh/authorized_keys';
  type Broken = { readonly breaks: string; readonly mends: string; readonly says: RegExp };
  const pairs: readonly (readonly [string, Broken, string, Broken])[] = [
    [
      'sudoers that were widened',
      {
        breaks: 'echo "pdeploy ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/more',
        mends: 'rm /etc/sudoers.d/more',
        says: /fail {2}sudo +allows the login more than the agent: \(ALL\) NOPASSWD: ALL/,
      },
      'a key without restrict',
      {
        breaks: `sed -i s/restrict,// ${KEYS}`,
        mends: `sed -i s/^command=/restrict,command=/ ${KEYS}`,
        says: /fail {2}forced command {2}the key also gets: a terminal, forwarding, forwarding back\n(.*\n)*.*fail {2}keys +key 1 is not restricted/,
      },
    ],
    [
      'a policy that is somebody’s',
      {
        breaks: 'chown pdeploy /etc/pdeploy/policy',
        mends: 'chown root /etc/pdeploy/policy',
        says: /fail {2}files +\/etc\/pdeploy\/policy belongs to pdeploy/,
      },
      'a key without its command',
      {
        breaks: `sed -i 's/^restrict,.*agent" //' ${KEYS}`,
        mends: `sed -i 's#^ssh#restrict,command="exec sudo -n ${AGENT}" ssh#' ${KEYS}`,
        says: /fail {2}forced command {2}the key also gets: a command, a shell, scp, sftp/,
      },
    ],
    [
      'an agent that was changed',
      {
        breaks: `echo : >>$(readlink -f ${AGENT})`,
        mends: `sed -i '$d' $(readlink -f ${AGENT})`,
        says: /fail {2}agent +says that it is [0-9a-f]{12}, what lies there is [0-9a-f]{12}/,
      },
      'no policy',
      {
        breaks: 'mv /etc/pdeploy/policy /root/policy',
        mends: 'mv /root/policy /etc/pdeploy/policy',
        says: /fail {2}policy +there is no \/etc\/pdeploy\/policy/,
      },
    ],
    [
      'another agent',
      {
        breaks: `readlink ${AGENT} >/root/link; sed '2s/=.*/=${'0'.repeat(64)}/' ${AGENT} >/root/other; chmod 755 /root/other; ln -sfn /root/other ${AGENT}`,
        mends: `ln -sfnT $(cat /root/link) ${AGENT}; rm /root/other /root/link`,
        says: /fail {2}agent +it has not the agent of this version/,
      },
      'an agent that others can write to',
      {
        breaks: `chmod o+w $(readlink -f ${AGENT})`,
        mends: `chmod o-w $(readlink -f ${AGENT})`,
        says: /fail {2}files +\S+agent-[0-9a-f]{64} is writable for others/,
      },
    ],
  ];

  test.each(pairs)('fails at %s', async (_one, first, _two, second) => {
    await fleet.ssh('edge-01', first.breaks);
    await fleet.ssh('edge-02', second.breaks);
    const ran = await doctor('ssh2');
    await fleet.ssh('edge-01', first.mends);
    await fleet.ssh('edge-02', second.mends);
    expect(ran.code, ran.text).toBe(3);
    const [, one = '', two = ''] = ran.stdout.split(/^edge-0[12] .*$/m);
    expect(one).toMatch(first.says);
    expect(two).toMatch(second.says);
  });

  test('is content again after a bootstrap by root, which puts a changed agent right as well', async () => {
    await fleet.ssh('edge-01', `echo : >>$(readlink -f ${AGENT}); chmod g+w $(readlink -f ${AGENT})`);
    const project = login.project('doctor-ssh2', 'ssh2');
    const again = ['hosts', 'bootstrap', '-i', 'lab', '--key', login.publicKey, '--yes'];
    const itself = await project.pdeploy(...again);
    expect([itself.code, itself.stderr]).toEqual([2, expect.stringContaining('PD2228')]);
    const ran = await project.pdeploy(...again, '--as', 'root', '--identity', lab().key);
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stderr).toMatch(
      /^ {2}~ agent {3}is [0-9a-f]{12} -> [0-9a-f]{12} {3}on 1 of 2 hosts: edge-01$/m,
    );
    expect(ran.stderr).toContain('Done on edge-01; 1 host is as it should be.');
    const content = await doctor('ssh2');
    expect(content.code, content.text).toBe(0);
  });
});

/** What whoever holds the key may try, and how each ends. */
describe('the key can do nothing else', () => {
  const host = (): string => `pdeploy@${fleet.hosts[0]?.address}`;
  const NO_REQUEST = /^pdeploy-end - 1 bad-request \S+\n$/;
  let witness: string;

  const seen = async (): Promise<string> =>
    (
      await fleet.ssh(
        'edge-01',
        `sha256sum /etc/passwd /etc/shadow /etc/sudoers /etc/sudoers.d/* /etc/pdeploy/* /home/pdeploy/.ssh/* \\
           /usr/local/libexec/pdeploy/* /root/.ssh/* /etc/systemd/system/edge@1.service
         readlink ${AGENT}; find / -xdev -newer /tmp/before -name '*canary*'; ls -A /home/pdeploy`,
      )
    ).stdout;

  beforeAll(async () => {
    await fleet.ssh('edge-01', 'touch /tmp/before');
    witness = await seen();
  });
  afterAll(async () => {
    expect(await seen()).toBe(witness);
  });

  test.each([
    ['a command', ['id; touch /tmp/canary']],
    ['a shell', []],
    ['a command as root', ['sudo -n id']],
    ['the agent with an argument', [`sudo -n ${AGENT} root`]],
    ['to install an agent', ["sudo -n /bin/sh -c 'cat >/tmp/canary'"]],
    ['scp’s old protocol', ['scp -t /tmp']],
  ])('%s', async (_what, words) => {
    const ran = await login.ssh('ssh', ['-T', host(), ...words], 'id\ntouch /tmp/canary\n');
    expect(ran.stdout).toMatch(NO_REQUEST);
    expect(ran.stdout).not.toContain('uid=');
  });

  test('the sftp subsystem', async () => {
    const put = login.ssh('sftp', ['-b', '-', host()], 'put /etc/hostname /tmp/canary\n');
    const copied = login.ssh('scp', ['/etc/hostname', `${host()}:/tmp/canary`]);
    expect((await put).code).not.toBe(0);
    expect((await copied).code).not.toBe(0);
  });

  test('a terminal', async () => {
    const ran = await login.ssh('ssh', ['-tt', host(), 'id']);
    expect(ran.text).toContain('PTY allocation request failed');
    expect(ran.text).not.toContain('uid=');
  });

  test('forwarding of ports, there and back', async () => {
    const out = await login.ssh('ssh', ['-W', '127.0.0.1:22', host()]);
    expect(out.text).toContain('administratively prohibited');
    const wish = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'];
    const back = await login.ssh('ssh', [...wish, host()]);
    expect(back.text).toContain('remote port forwarding failed');
  });

  const ask = async (verb: Verb, fields: readonly Field[], rest = ''): Promise<string> => {
    const request: AgentRequest = agentRequest(verb, 'op-1', fields);
    const ran = await login.ssh('ssh', ['-T', host()], `${request.header}${rest}`);
    return ran.stdout;
  };
  const REFUSED = /^pdeploy-end op-1 1 refused-by-policy \S+\n$/;
  const edge: Field = ['service', 'edge'];
  const held: readonly Field[] = [edge, ['epoch', '1'], ['deployment', 'd-1']];

  test.each([
    ['another service', 'observe', [['service', 'other']]],
    [
      'a lease of another service',
      'lease',
      [
        ['service', 'other'],
        ['deployment', 'd'],
        ['action', 'acquire'],
        ['ttl', '60'],
      ],
    ],
    ['a command', 'observe', [edge, ['query', '0', 'exec', '=id']]],
    ['a file outside', 'observe', [edge, ['query', '0', 'text', '/etc/shadow']]],
    ['the policy', 'apply', [...held, ['do', '1', 'file', '/etc/pdeploy/policy', 'root', 'root', '0644']]],
    ['sudoers', 'apply', [...held, ['do', '1', 'file', '/etc/sudoers.d/pdeploy', 'root', 'root', '0440']]],
    ['its own keys', 'apply', [...held, ['do', '1', 'remove', '/home/pdeploy/.ssh/authorized_keys']]],
    ['the agent', 'apply', [...held, ['do', '1', 'file', AGENT, 'root', 'root', '0755']]],
    ['a user', 'apply', [...held, ['do', '1', 'user', 'canary', '/root', '/bin/sh', '-']]],
    ['a program as root', 'apply', [...held, ['do', '1', 'command', '=touch', '=/tmp/canary']]],
    ['operations with a release', 'activate', [...held, ['do', '1', 'remove', '/etc/passwd']]],
  ] satisfies readonly (readonly [string, Verb, readonly Field[]])[])('%s', async (_what, verb, fields) => {
    expect(await ask(verb, fields)).toMatch(REFUSED);
  });

  test('another agent', async () => {
    const script = agentScript().text.replace('ROOT=', 'touch /tmp/canary; ROOT=');
    expect((await login.ssh('ssh', ['-T', host()], script)).stdout).toMatch(NO_REQUEST);
  });

  test('a newer pdeploy is told that its agent is for somebody else to install', async () => {
    const old = (await fleet.ssh('edge-01', `readlink ${AGENT}`)).stdout.trim();
    await fleet.ssh(
      'edge-01',
      `sed '2s/=.*/=${'0'.repeat(64)}/' ${old} >/tmp/old; chmod 755 /tmp/old; ln -sfn /tmp/old ${AGENT}`,
    );
    const ran = await login.project('newer', 'ssh2').pdeploy('plan', '-i', 'lab');
    await fleet.ssh('edge-01', `ln -sfnT ${old} ${AGENT}; rm /tmp/old`);
    expect(ran.text).toContain(
      'this login cannot install it; somebody who is root there has to: pdeploy hosts bootstrap -l edge-01',
    );
  });
});
