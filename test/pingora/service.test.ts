import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { tryProfile } from '../../src/certs/settings.ts';
import type { StepDraft } from '../../src/model/playbook.ts';
import { lintRelease } from '../../src/pingora/lint/release.ts';
import { pingoraService } from '../../src/pingora/service.ts';
import type { PingoraServiceOptions } from '../../src/pingora/service-options.ts';
import { tlsSettings } from '../../src/pingora/tls.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { definePlaybook } from '../../src/playbook/define.ts';
import { certificate } from '../../src/resource/certificate.ts';
import { readinessFile } from '../../src/resource/drains.ts';
import { portOf } from '../../src/resource/port-of.ts';
import { http } from '../../src/resource/probes.ts';
import { Secret } from '../../src/util/secret.ts';
import { makeAuthority } from '../certs/authority.ts';
import { aHost } from '../resource/sample.ts';
import { hasSystemd, verifyUnits } from '../resource/systemd-analyze.ts';

const TWO = { '1': { port: 6188, admin: 6190 }, '2': { port: 6189, admin: 6191 } };

function steps(over: Partial<PingoraServiceOptions> = {}, more: readonly StepDraft[] = []) {
  const playbook = definePlaybook({
    name: 'p',
    service: 'web',
    steps: () => [
      ...more,
      ...pingoraService({
        binary: 'web',
        from: './web',
        user: 'www',
        listen: (i) => [`0.0.0.0:${portOf(i, 'port')}`, `[::1]:${portOf(i, 'admin')}`, 'unix:/run/web.sock'],
        health: (i) => ({ probes: [http({ port: portOf(i, 'admin'), path: '/readyz' })] }),
        ...over,
      }),
    ],
  });
  const all = compileSteps(playbook, aHost({ service: 'web', instances: TWO }), 'web', 'v1').steps;
  const of = <T extends string>(type: T) => {
    const found = all.find((s) => s.type === type);
    if (found === undefined) throw new Error(`no ${type}`);
    return found as Extract<(typeof all)[number], { readonly type: T }>;
  };
  return { all, release: of('release'), unit: of('unit'), service: of('service'), of };
}

const problem = (over: object) => () => steps(over as Partial<PingoraServiceOptions>);

test('is a user, a release, a unit and a service, with log files two steps more', () => {
  expect(steps().all.map((s) => s.id)).toEqual(['user:www', 'release', 'unit', 'service']);
  expect(steps({ log: 'file', group: 'web' }).all).toMatchObject([
    { id: 'user:www' },
    { id: 'directory:/var/log/web', desired: { group: 'web', mode: '0750' } },
    { id: 'release' },
    { id: 'unit' },
    { id: 'logrotate' },
    { id: 'service' },
  ]);
  expect(steps({ log: 'file', rotation: { rotate: 3 } }).of('logrotate').text).toMatch(/rotate 3\n/);
});

test('each instance has its configuration, with a socket of its own', () => {
  const { release } = steps({
    conf: { threads: 4, ca_file: '/etc/ca.pem', client_bind_to_ipv4: ['10.0.0.1'] },
    grace: '20s',
    shutdownTimeout: '2s',
    app: (i) => ({ listen: `0.0.0.0:${portOf(i, 'port')}`, none: undefined, words: ['yes', '0x1F', '1e3'] }),
  });
  expect(release.files.map((f) => f.path)).toEqual(['config/1.yaml', 'config/2.yaml']);
  expect(release.files[1]?.content).toBe(`version: 1
upgrade_sock: "/run/web/2/upgrade.sock"
threads: 4
ca_file: "/etc/ca.pem"
grace_period_seconds: 20
graceful_shutdown_timeout_seconds: 2
client_bind_to_ipv4:
  - "10.0.0.1"
app:
  listen: "0.0.0.0:6189"
  words:
    - "yes"
    - "0x1F"
    - "1e3"
`);
  expect(release.test).toEqual(['{dir}/bin/web', '-t', '-c', '{dir}/config/1.yaml']);
  expect(steps({ test: false }).release.test).toBeUndefined();
});

describe('a TLS profile', () => {
  const tlsOf = (tls: PingoraServiceOptions['tls']): unknown => {
    const { release } = steps({ tls, app: { own: 1 } });
    const content = release.files[0]?.content;
    return (parse(typeof content === 'string' ? content : '') as { app: { tls?: unknown } }).app.tls;
  };

  test('has nothing to set with rustls, which does intermediate and cannot do modern', () => {
    expect(tlsOf('intermediate')).toBeUndefined();
    expect(steps({ tls: 'intermediate' }).release.pingora?.tls).toBe('intermediate');
    expect(problem({ tls: 'modern' })).toThrow('modern is not to be had with rustls');
    expect(problem({ tls: 'old' })).toThrow('tls: ');
  });

  test('is settings of the program with the other libraries', () => {
    expect(tlsOf({ profile: 'modern', library: 'boringssl' })).toEqual({
      min_version: '1.3',
      groups: 'X25519:P-256:P-384',
    });
    expect(tlsOf({ profile: 'intermediate', library: 'boringssl' })).toEqual({
      min_version: '1.2',
      cipher_list: expect.stringMatching(/^ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:/),
      groups: 'X25519:P-256:P-384',
    });
    const clash = { app: { tls: {} }, tls: { profile: 'modern', library: 'openssl' } };
    expect(problem(clash)).toThrow('app of edge-01@1: tls is set by the option tls');
  });

  test('is that of the certificates beside it, which doctor holds the listeners to', () => {
    const site = (profile: 'intermediate' | 'modern') =>
      certificate({
        name: 'site',
        servers: ['a.test'],
        from: { cert: 'a', key: 'b' },
        ports: () => 443,
        profile,
      });
    const modern = { tls: { profile: 'modern', library: 'openssl' } } as const;
    expect(steps(modern, [site('modern')]).all).toHaveLength(5);
    expect(() => steps(modern, [site('intermediate')])).toThrow(
      'certificate("site") is of profile intermediate, and pingoraService() serves modern',
    );
  });

  test.each(['intermediate', 'modern'] as const)('%s does what it says, by handshakes', async (profile) => {
    const settings = tlsSettings({ profile, library: 'openssl' });
    const { cert, key } = makeAuthority().issue(['shop.test'], { rsaBits: 2_048 });
    const suites = [settings?.cipher_list, settings?.ciphersuites].filter((one) => one !== undefined);
    const server = createServer({
      cert,
      key,
      minVersion: `TLSv${settings?.min_version ?? '1.2'}`,
      ciphers: suites.join(':'),
      ecdhCurve: settings?.groups ?? '',
    });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const verdict = await tryProfile({ address: '127.0.0.1', port, server: 'shop.test' }, profile);
    server.close();
    expect(verdict).toEqual({ kind: 'tried', attempts: 5, problems: [] });
  });
});

test('what service() takes is passed on to it, but for a reload', () => {
  expect(steps({ enabled: false }).service.enabled).toBe(false);
  const drain = [readinessFile({ path: (i) => `/run/web/${i.name}/drain` })];
  expect(steps({ drain }).service.drain.get('2')).toMatchObject([{ path: '/run/web/2/drain' }]);
  expect(problem({ reload: true })).toThrow('unknown key "reload"');
});

test('the time of a stop is drain + grace + 2 x shutdown time-out + 10', () => {
  const { unit, service } = steps({ drainDelay: '5s', grace: '20s', shutdownTimeout: '3s' });
  expect(service.stopTimeoutMs).toBe(41_000);
  expect(unit.text).toContain('TimeoutStopSec=41s\n');
  expect(steps().unit.text).toContain('TimeoutStopSec=50s\n');
});

test('the unit runs it in the foreground, and again on failure only', () => {
  const { text } = steps({
    args: ['--fast'],
    environment: { RUST_BACKTRACE: 1 },
    service: { MemoryMax: '1G' },
  }).unit;
  for (const line of [
    'Type=notify',
    'User=www',
    'ExecStart=/run/pdeploy/web/%i/current/bin/web --fast -c /run/pdeploy/web/%i/current/config/%i.yaml',
    'Restart=on-failure',
    'RestartPreventExitStatus=2 78',
    'Environment=RUST_LOG=info',
    'Environment=RUST_BACKTRACE=1',
    'MemoryMax=1G',
    'RuntimeDirectory=%p/%i',
  ])
    expect(text.split('\n')).toContain(line);
  expect(steps({ notify: false }).unit.text).toContain('Type=exec\n');
});

test('the ports of its addresses are those it must own', () => {
  expect(steps().service.health.get('2')?.listens).toEqual([6189, 6191]);
  const health = steps({
    health: () => ({ probes: [http({ port: 1, path: '/' })], listens: [7] }),
  }).service.health;
  expect(health.get('1')?.listens).toEqual([7]);
});

test('a secret among the values makes the configuration one, readable for the group', () => {
  const { release } = steps({ app: { upstream: { token: new Secret('token', 'hunter-2-hunter') } } });
  const [file] = release.files;
  expect(file?.mode).toBe('0440');
  const content = file?.content;
  expect(parse(content instanceof Secret ? content.reveal() : '')).toMatchObject({
    app: { upstream: { token: 'hunter-2-hunter' } },
  });
});

describe('what it makes', () => {
  test('is without findings', () => expect(lintRelease('h', steps().all)).toEqual([]));
  test('is held against the rules as it was rendered', () => {
    const { all } = steps({
      version: '0.8.0',
      dropIns: [{ name: '50-x.conf', service: { Restart: 'always', TimeoutStopSec: '20s' } }],
    });
    expect(lintRelease('h', all).map((f) => `${f.spot.at.file} ${f.rule} ${f.severity}`)).toEqual([
      'h:config/1.yaml vulnerable-version warning',
      'h:dropins/50-x.conf restart-always error',
      'h:dropins/50-x.conf stop-timeout error',
    ]);
  });
  test('may break a rule that is named', () => {
    const { all } = steps({ version: '0.7.0', allow: ['vulnerable-version', 'restrict-suid'] });
    expect(lintRelease('h', all)).toEqual([]);
  });
  test('has the addresses that it says, also where its configuration does not look like it', () => {
    const many = Array.from({ length: 33 }, (_, n) => `127.0.0.1:${7000 + n}`);
    expect(lintRelease('h', steps({ listen: () => many }).all)).toMatchObject([
      { rule: 'too-many-listeners', severity: 'warning', spot: { at: { line: 1 } } },
      { rule: 'too-many-listeners' },
    ]);
  });
  test('is nothing to say of a service that is made by hand', () => {
    const { all } = steps();
    const without = all.map((s) => (s.type === 'release' ? { ...s, pingora: undefined } : s));
    expect(lintRelease('h', without as typeof all)).toEqual([]);
  });
});

test.each<readonly [string, object, string]>([
  ['an unknown option', { graze: '3s' }, 'unknown key "graze", did you mean "grace"?'],
  ['an unknown key', { conf: { thread: 1 } }, 'conf: Pingora has no key "thread", did you mean "threads"?'],
  ['a key of pdeploy', { conf: { daemon: true } }, 'conf: daemon is set by pdeploy'],
  ['a key of pdeploy with an option', { conf: { grace_period_seconds: 3 } }, "say grace: '30s'"],
  ['a wrong value', { conf: { threads: '2' } }, 'conf: threads: expected a whole number from 0, got "2"'],
  [
    'a later key',
    { version: '0.8.1', conf: { max_blocking_threads: 1 } },
    'max_blocking_threads came with Pingora 0.9.0, and version is 0.8.1',
  ],
  ['half a second', { grace: '1500ms' }, 'grace: must be whole seconds'],
  ['no version', { version: 'new' }, 'version: expected a version'],
  ['an unknown rule', { allow: ['all'] }, 'allow: there is no rule "all"'],
  ['no addresses', { listen: () => '0.0.0.0:80' }, 'listen of edge-01@1: expected a list of addresses'],
  ['no configuration', { app: () => 3 }, 'app of edge-01@1: expected an object, got 3'],
  ['no health', { health: undefined }, 'health: '],
  ['a user that is none', { user: 'Www' }, 'user: expected a user name'],
  ['what other factories refuse', { service: { Nice: 1, MemoryMx: 2 } }, 'MemoryMx'],
])('%s is refused', (_, over, words) => {
  let said = '';
  try {
    problem(over)();
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    said = `${message}\n${hint}`;
  }
  expect(said).toContain(words);
});

test.skipIf(!hasSystemd)('systemd accepts the unit', () => {
  expect(verifyUnits([steps().unit.text, steps({ log: 'file', hardening: 'B' }).unit.text])).toEqual([
    [],
    [],
  ]);
});
