import { expect, test } from 'vitest';
import type { UsageError } from '../../../src/errors.ts';
import { renderUnit, type UnitSections } from '../../../src/resource/unit/section.ts';
import { unit, variable } from '../../../src/resource/unit/text.ts';

test('sections, lists, several lines, switches and times', () => {
  expect(
    renderUnit({
      unit: { Description: 'Edge 100%', After: ['a.service', 'b.target'], StartLimitIntervalSec: '1m' },
      service: {
        ExecStartPre: [['/bin/one', 'a b'], { argv: ['/bin/two'], ignoreFailure: true }],
        ExecReload: ['/bin/kill', '-HUP', variable('MAINPID')],
        Environment: { A: '1', B: 'two words', C: 3 },
        SystemCallFilter: ['@system-service', '~@resources'],
        ProtectSystem: 'strict',
        PrivateTmp: true,
        RestartSec: '500ms',
        MemoryMax: 'infinity',
        CapabilityBoundingSet: [],
        RuntimeDirectory: unit`%p/%i`,
        LoadCredential: { key: '/etc/my key' },
        LimitCORE: null,
        'X-Team': '50% web',
      },
      install: { WantedBy: 'multi-user.target' },
    }),
  ).toBe(`[Unit]
Description=Edge 100%%
After=a.service b.target
StartLimitIntervalSec=60s

[Service]
ExecStartPre=/bin/one "a b"
ExecStartPre=-/bin/two
ExecReload=/bin/kill -HUP "\${MAINPID}"
Environment=A=1
Environment="B=two words"
Environment=C=3
SystemCallFilter=@system-service
SystemCallFilter=~@resources
ProtectSystem=strict
PrivateTmp=yes
RestartSec=500ms
MemoryMax=infinity
CapabilityBoundingSet=
RuntimeDirectory=%p/%i
LoadCredential=key:/etc/my key
X-Team=50% web

[Install]
WantedBy=multi-user.target
`);
});

test.each<[string, unknown, string]>([
  [
    'misspelt key',
    { service: { LimitNOFILES: 5 } },
    '[Service] unknown key "LimitNOFILES", did you mean "LimitNOFILE"?',
  ],
  [
    'key of another section',
    { service: { Description: 'x' } },
    '[Service] unknown key "Description", it belongs to [Unit]',
  ],
  ['unknown key', { service: { Colour: 'red' } }, '[Service] unknown key "Colour"'],
  ['key from a prototype', { service: { toString: 'x' } }, '[Service] unknown key "toString"'],
  [
    'wrong type',
    { service: { PrivateTmp: 'yes' } },
    '[Service] PrivateTmp: expected true or false, got "yes"',
  ],
  [
    'wrong word',
    { service: { Restart: 'sometimes' } },
    '[Service] Restart: expected one of "no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always", got "sometimes"',
  ],
  [
    'number for a time',
    { service: { RestartSec: 5 } },
    '[Service] RestartSec: expected a time such as "10s" or "infinity", got 5',
  ],
  [
    'line break',
    { unit: { Description: 'a\nExecStart=/bin/true' } },
    '[Unit] Description: it holds a line break, which systemd cannot read here',
  ],
  [
    'shell line',
    { service: { ExecReload: '/bin/kill -HUP $MAINPID' } },
    '[Service] ExecReload: expected a program and its arguments as a list, got "/bin/kill -HUP $MAINPID"',
  ],
  [
    'relative path',
    { service: { WorkingDirectory: 'srv' } },
    '[Service] WorkingDirectory: expected an absolute path, got "srv"',
  ],
  [
    'path upwards',
    { service: { ReadWritePaths: ['/srv/../etc'] } },
    '[Service] ReadWritePaths: "/srv/../etc" must not hold ".", ".." or "//"',
  ],
  [
    'name of a variable',
    { service: { Environment: { 'A B': 'x' } } },
    '[Service] Environment: "A B" is not the name of a variable',
  ],
  [
    'variable where none works',
    { unit: { Description: variable('HOME') } },
    '[Unit] Description: $HOME works in the arguments of exec lines only',
  ],
  [
    'network',
    { service: { IPAddressAllow: ['10.0.0.0/8', 'office'] } },
    '[Service] IPAddressAllow: "office" is not an address or network',
  ],
])('refuses a %s', (_, sections, message) => {
  expect(() => renderUnit(sections as UnitSections)).toThrow(expect.objectContaining({ message }));
});

test('tells of all wrong keys at once', () => {
  const broken = { unit: { Wnats: 'x' }, service: { Nice: 'low', PrivateTmp: 1 } } as unknown as UnitSections;
  let problems: UsageError['problems'] = [];
  try {
    renderUnit(broken);
  } catch (error) {
    problems = (error as UsageError).problems;
  }
  expect(problems.map((p) => p.code)).toEqual(['PD2131', 'PD2132', 'PD2132']);
});
