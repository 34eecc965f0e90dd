import { describe, expect, test } from 'vitest';
import type { Codec } from '../../../src/resource/unit/codec.ts';
import * as codec from '../../../src/resource/unit/codec.ts';
import { SERVICE_KEYS } from '../../../src/resource/unit/keys-service.ts';
import { INSTALL_KEYS, UNIT_KEYS } from '../../../src/resource/unit/keys-unit.ts';
import { renderUnit, type UnitSections } from '../../../src/resource/unit/section.ts';
import { hasSystemd, verifyUnits } from '../systemd-analyze.ts';

/** A value of each form that is good for most keys of it. */
const BY_CODEC = new Map<Codec<unknown>, unknown>([
  [codec.bool, true],
  [codec.int, 5],
  [codec.size, '50%'],
  [codec.bytes, '512M'],
  [codec.count, 7],
  [codec.countOrShare, '50%'],
  [codec.mounts, ['/srv/x', '/srv/y:ro,size=10M']],
  [codec.percent, '50%'],
  [codec.span, '10s'],
  [codec.mode, '0750'],
  [codec.text, '/some/text'],
  [codec.names, 'basic.target'],
  [codec.nameLines, '@system-service'],
  [codec.path, '/srv/x'],
  [codec.paths, ['/srv/x', '-/srv/y z']],
  [codec.plainPaths, ['/srv/x', '/srv/y z']],
  [codec.binds, ['/srv/x', '-/srv/y:/srv/z']],
  [codec.directories, 'some/dir'],
  [codec.addresses, ['10.0.0.0/8', 'localhost']],
  [codec.exec, ['/bin/true', 'x']],
  [codec.environment, { A: 'b' }],
  [codec.fileLines, '-/srv/x'],
  [codec.output, 'journal'],
  [codec.credentials, { key: '/srv/key' }],
  [codec.boolOrNames, 'net'],
]);

/** Keys whose names have a grammar of their own. */
const OWN: Readonly<Record<string, unknown>> = {
  Documentation: 'https://example.org/x',
  Description: 'words',
  ConditionHost: 'edge',
  ConditionVirtualization: 'vm',
  ConditionArchitecture: 'x86-64',
  ConditionKernelVersion: '>4',
  ConditionMemory: '>1',
  ConditionCPUs: '>1',
  SuccessExitStatus: ['1', 'SIGKILL'],
  RestartPreventExitStatus: '2',
  RestartForceExitStatus: '3',
  KillSignal: 'SIGTERM',
  RestartKillSignal: 'SIGTERM',
  FinalKillSignal: 'SIGKILL',
  WatchdogSignal: 'SIGABRT',
  Sockets: 'a.socket',
  User: 'daemon',
  Group: 'daemon',
  SupplementaryGroups: ['daemon', 'adm'],
  PassEnvironment: 'PATH',
  UnsetEnvironment: 'PATH',
  SyslogFacility: 'daemon',
  LogNamespace: 'x',
  CoredumpFilter: 'shared-dax',
  CPUAffinity: '0-1',
  NUMAMask: '0',
  CapabilityBoundingSet: ['CAP_KILL', 'CAP_CHOWN'],
  AmbientCapabilities: 'CAP_KILL',
  SecureBits: 'keep-caps',
  AppArmorProfile: 'profile',
  RestrictAddressFamilies: '~AF_PACKET',
  RestrictFileSystems: 'ext4',
  SystemCallErrorNumber: 'EPERM',
  SystemCallArchitectures: 'native',
  Slice: 'a.slice',
  AllowedCPUs: '0-1',
  AllowedMemoryNodes: '0',
  SocketBindAllow: 'tcp:80',
  SocketBindDeny: 'any',
  RestrictNetworkInterfaces: 'lo',
  DeviceAllow: '/dev/null rw',
  DefaultInstance: '1',
  StandardInput: 'null',
  RootImage: '/srv/image',
  SyslogIdentifier: 'edge 100%',
};

const SECTIONS = [
  ['unit', UNIT_KEYS],
  ['service', SERVICE_KEYS],
  ['install', INSTALL_KEYS],
] as const;

const CASES = SECTIONS.flatMap(([section, keys]) =>
  Object.entries(keys).flatMap(([key, one]) => {
    const words = [...one.expects.matchAll(/"([^"]+)"|\b(true)\b/g)].map((m) =>
      m[2] === undefined ? m[1] : true,
    );
    const form = BY_CODEC.get(one);
    const values = key in OWN ? [OWN[key]] : form === undefined ? words : [form];
    return values.map((value) => ({ section, key, value }));
  }),
);

describe.skipIf(!hasSystemd)('systemd 252 understands each key that pdeploy does', () => {
  const said = verifyUnits([
    ...CASES.map(render),
    '[Service]\nType=exec\nExecStart=/bin/true\nLimitNOFILES=5\n',
  ]);

  test.each(CASES.map((one, i) => ({ ...one, i })))('$section $key = $value', ({ value, i }) => {
    expect(value).toBeDefined();
    expect(said[i]).toEqual([]);
  });

  test('and does complain about one that it does not', () => {
    expect(said.at(-1)).toEqual([expect.stringContaining("Unknown key 'LimitNOFILES'")]);
  });
});

function render({ section, key, value }: (typeof CASES)[number]): string {
  const extra = key.startsWith('RuntimeRandom') ? { RuntimeMaxSec: '1m' } : {};
  const sections = { unit: {}, service: { Type: 'exec', ExecStart: ['/bin/true'], ...extra }, install: {} };
  return renderUnit({
    ...sections,
    [section]: { ...sections[section], [key]: value },
  } as unknown as UnitSections);
}
