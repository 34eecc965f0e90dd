import { expect, test } from 'vitest';
import { exec, http, systemd, tcp } from '../../src/resource/probes.ts';

test('probes', () => {
  expect(
    http({
      port: 8443,
      path: '/readyz?full',
      tls: true,
      hostHeader: 'example.org',
      timeout: '500ms',
      from: ['host', 'outside'],
      expect: {
        status: [200, 204],
        body: 'ok',
        headers: { 'x-ready': 'yes' },
        release: 'json:build.release',
      },
    }),
  ).toEqual({
    kind: 'http',
    port: 8443,
    path: '/readyz?full',
    tls: true,
    hostHeader: 'example.org',
    timeoutMs: 500,
    from: ['host', 'outside'],
    expect: { status: [200, 204], body: 'ok', headers: { 'x-ready': 'yes' }, release: 'json:build.release' },
  });
  expect(tcp({ port: 80, from: 'outside' })).toEqual({
    kind: 'tcp',
    port: 80,
    timeoutMs: 2_000,
    from: ['outside'],
  });
  expect(exec({ argv: ['/usr/bin/check', 'x'], timeout: '1s' })).toEqual({
    kind: 'exec',
    argv: ['/usr/bin/check', 'x'],
    timeoutMs: 1_000,
  });
  expect(systemd()).toEqual({ kind: 'systemd' });
});

test.each<[() => unknown, string]>([
  [() => http({ port: 0 }), 'http(): port: expected a port, a whole number from 1 to 65535'],
  [() => http({ port: '80' as never }), 'http(): port: expected a port, a whole number from 1 to 65535'],
  [() => http({ port: 80, path: 'readyz' }), 'http(): path: expected a path such as "/readyz"'],
  [() => http({ port: 80, path: '/a b\r\nHost: x' }), 'http(): path: expected a path such as "/readyz"'],
  [
    () => http({ port: 80, expect: { status: 1000 } }),
    'http(): expect.status: expected an HTTP status such as 200',
  ],
  [() => http({ port: 80, expects: {} } as never), 'http(): unknown key "expects", did you mean "expect"?'],
  [() => tcp({ port: 80, timeout: '5m' }), 'tcp(): timeout: must be at most 60s'],
  [
    () => tcp({ port: 80, from: 'inside' as never }),
    'tcp(): from: expected "host", "outside" or a list of both',
  ],
  [() => exec({ argv: [] }), 'exec(): argv: expected a list of a program and its arguments'],
])('wrong probes: %#', (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: 'PD2130', message }));
});
