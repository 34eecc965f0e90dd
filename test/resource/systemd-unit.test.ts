import { describe, expect, test } from 'vitest';
import type { UnitStep } from '../../src/model/playbook.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { definePlaybook } from '../../src/playbook/define.ts';
import { directory } from '../../src/resource/kinds/directory.ts';
import { tcp } from '../../src/resource/probes.ts';
import { release } from '../../src/resource/release.ts';
import { service } from '../../src/resource/service.ts';
import { type SystemdUnitOptions, systemdUnit } from '../../src/resource/systemd-unit.ts';
import { unit } from '../../src/resource/unit/text.ts';
import { Secret } from '../../src/util/secret.ts';
import { aHost } from './sample.ts';
import { exposure, hasSystemd, verifyUnits } from './systemd-analyze.ts';

function unitOf(options: Partial<SystemdUnitOptions> = {}): UnitStep {
  const playbook = definePlaybook({
    name: 'test',
    service: 'edge',
    steps: ({ paths }) => [
      directory({ path: '/opt/pdeploy/edge/root' }),
      directory({ path: '/var/log/edge' }),
      release({ binary: 'edge', from: './edge' }),
      systemdUnit({
        user: 'edge',
        exec: [unit`${paths.current}/bin/edge`, '-c', unit`${paths.current}/config/%i.yaml`],
        ...options,
      } as SystemdUnitOptions),
      service({ health: { probes: [tcp({ port: 80 })] }, stopTimeout: '45s' }),
    ],
  });
  const step = compileSteps(playbook, aHost(), 'edge', 'v1').steps.find((s) => s.type === 'unit');
  if (step === undefined) throw new Error('no unit');
  return step;
}

const lines = (text: string, key: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(`${key}=`));

describe('a unit', () => {
  test('runs the release through the volatile link', () => {
    const { text } = unitOf();
    expect(lines(text, 'ExecStart')).toEqual([
      'ExecStart=/run/pdeploy/edge/%i/current/bin/edge -c /run/pdeploy/edge/%i/current/config/%i.yaml',
    ]);
    expect(lines(text, 'EnvironmentFile')).toEqual(['EnvironmentFile=-/run/pdeploy/edge/%i/current/env']);
    expect(lines(text, 'After')).toEqual(['After=network-online.target pdeploy-recover.service']);
    expect(lines(text, 'Type')).toEqual(['Type=exec']);
    expect(lines(text, 'TimeoutStopSec')).toEqual(['TimeoutStopSec=45s']);
  });

  test('lets a playbook add dependencies, replace other keys and take keys out', () => {
    const { text } = unitOf({
      unit: { After: 'redis.service', Wants: ['redis.service'], StartLimitBurst: 3 },
      service: { LimitNOFILE: 65_536, MemoryDenyWriteExecute: null, EnvironmentFile: '/etc/edge.env' },
    });
    expect(lines(text, 'After')).toEqual([
      'After=network-online.target pdeploy-recover.service redis.service',
    ]);
    expect(lines(text, 'Wants')).toEqual(['Wants=network-online.target redis.service']);
    expect(lines(text, 'StartLimitBurst')).toEqual(['StartLimitBurst=3']);
    expect(lines(text, 'LimitNOFILE')).toEqual(['LimitNOFILE=65536']);
    expect(lines(text, 'MemoryDenyWriteExecute')).toEqual([]);
    expect(lines(text, 'EnvironmentFile')).toEqual([
      'EnvironmentFile=-/run/pdeploy/edge/%i/current/env',
      'EnvironmentFile=/etc/edge.env',
    ]);
  });

  test('renders drop-ins', () => {
    expect(unitOf({ dropIns: [{ name: '50-memory.conf', service: { MemoryMax: '1G' } }] }).dropIns).toEqual([
      { name: '50-memory.conf', text: '[Service]\nMemoryMax=1G\n' },
    ]);
  });

  test.each<[Partial<SystemdUnitOptions>, string]>([
    [{ hardening: 'D' } as never, 'systemdUnit(): hardening "D" needs networks: the clients and upstreams'],
    [{ hardening: 'D', networks: ['0.0.0.0/0'] }, 'systemdUnit(): networks: "0.0.0.0/0" is every address'],
    [{ service: { User: 'root' } } as never, 'systemdUnit(): service: User is set by an option of its own'],
    [
      { user: 'Root' },
      'systemdUnit(): user: expected a user name such as "edge": a-z, 0-9, _ and -, at most 31',
    ],
    [
      { dropIns: [{ name: '../x.conf' }] },
      'systemdUnit(): dropIns: "../x.conf" is not a file name such as "50-memory.conf"',
    ],
  ])('%j is refused', (options, message) => {
    expect(() => unitOf(options)).toThrow(expect.objectContaining({ message }));
  });
});

test('a secret is a file of the release that root alone reads, and no part of the unit', () => {
  const unit = unitOf({
    credentials: { db: new Secret('edge.db', 'a text of the unit'), tls: '/etc/tls.key' },
  });
  expect(unit.text).toContain('LoadCredential=db:/run/pdeploy/edge/%i/current/credentials/db\n');
  expect(unit.text).toContain('LoadCredential=tls:/etc/tls.key\n');
  expect(unit.text).not.toContain('a text of the unit');
  expect(unit.credentials).toEqual([{ path: 'credentials/db', mode: '0400', content: expect.any(Secret) }]);
  expect(() => unitOf({ credentials: { '../db': new Secret('edge.db', 'a text of the unit') } })).toThrow(
    /"..\/db" is not a name/,
  );
});

test('one that is encrypted lies outside of the release, under a path of its text', () => {
  const sealed = (text: string) =>
    unitOf({ credentials: { db: { secret: new Secret('edge.db', text), encrypted: true } } });
  const unit = sealed('a text of the unit');
  const [one] = unit.encrypted ?? [];
  expect(unit.credentials).toEqual([]);
  expect(one?.path).toMatch(/^\/etc\/credstore\.encrypted\/pdeploy\.edge\.db\.[0-9a-f]{8}$/);
  expect(unit.text).toContain(`LoadCredentialEncrypted=db:${one?.path}\n`);
  expect(sealed('a text of the unit').encrypted?.[0]?.path).toBe(one?.path);
  expect(sealed('another text of it').encrypted?.[0]?.path).not.toBe(one?.path);
  expect(() => unitOf({ credentials: { db: { encrypted: true } } } as never)).toThrow(
    /expected a path, a secret or/,
  );
});

// Scores of systemd 252, as docs/resources.md promises them.
describe.skipIf(!hasSystemd)('hardening', () => {
  test.each([
    ['A', 1.4],
    ['B', 1.1],
    ['C', 1.0],
    ['D', 0.9],
  ] as const)('set %s scores at most %d', (hardening, most) => {
    const networks = hardening === 'D' ? ['10.0.0.0/8'] : undefined;
    const { text } = unitOf({
      hardening,
      networks,
      notify: true,
      log: 'file',
      credentials: { key: '/etc/key' },
    } as never);
    expect(exposure(text)).toBeLessThanOrEqual(most);
    expect(verifyUnits([text])).toEqual([[]]);
  });

  test('without it a unit is exposed', () => {
    expect(exposure(unitOf({ hardening: 'none' }).text)).toBeGreaterThan(8);
  });
});
