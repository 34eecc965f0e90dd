import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { drainName } from '../../src/model/drain.ts';
import type { Instance } from '../../src/model/host.ts';
import { type DrainAdapter, execDrain, haproxy, httpCall, readinessFile } from '../../src/resource/drains.ts';

const instance: Instance = {
  id: 'edge-01@1',
  host: 'edge-01',
  service: 'edge',
  name: '1',
  unit: 'edge@1.service',
  vars: new Map(),
};

test('haproxy has Debian’s socket, the name of host and instance, and 30 s', () => {
  const drain = haproxy({ balancers: ['lb-1', 'lb-2'], backend: 'edge' }).make(instance);
  expect(drain).toEqual({
    kind: 'haproxy',
    balancers: ['lb-1', 'lb-2'],
    backend: 'edge',
    server: 'edge-01-1',
    socket: '/run/haproxy/admin.sock',
    waitMs: 30_000,
  });
  expect(drainName(drain)).toBe('haproxy lb-1, lb-2');
});

test('functions are asked for each instance', () => {
  const path = readinessFile({ path: (i) => `/run/edge/${i.name}.drain`, wait: '10s' }).make(instance);
  expect(path).toEqual({ kind: 'file', path: '/run/edge/1.drain', waitMs: 10_000 });
  const url = (what: string) => (i: Instance) => `https://lb.example.com/${what}/${i.host}?token=x`;
  const call = httpCall({ drain: url('drain'), undrain: url('ready') }).make(instance);
  expect(call).toMatchObject({ method: 'POST', undrain: 'https://lb.example.com/ready/edge-01?token=x' });
  expect(drainName(call)).toBe('http lb.example.com');
  expect(drainName(execDrain({ argv: ['bin/drain', 'x'] }).make(instance))).toBe('exec drain');
});

describe('wrong options', () => {
  test.each<[string, () => DrainAdapter, string]>([
    [
      'a name that is syntax',
      () => haproxy({ balancers: ['lb'], backend: 'a;b' }),
      'backend: expected a name',
    ],
    [
      'a server with a slash',
      () => haproxy({ balancers: ['lb'], backend: 'edge', server: () => 'edge/x' }),
      'server: expected a name',
    ],
    ['no balancer', () => haproxy({ balancers: [], backend: 'edge' }), 'at least one host or group'],
    [
      'a socket with options',
      () => haproxy({ balancers: ['lb'], backend: 'edge', socket: '/run/a.sock,fork' }),
      'a socket has letters',
    ],
    ['a relative file', () => readinessFile({ path: 'drain' }), 'expected an absolute path'],
    ['a file of elsewhere', () => readinessFile({ path: '/run/../etc/x' }), 'must not hold'],
    [
      'a URL of another kind',
      () => httpCall({ drain: 'file:///x', undrain: 'http://x' }),
      'drain: expected an http',
    ],
    [
      'a password in a URL',
      () => httpCall({ drain: 'https://a:b@x/', undrain: 'https://x/' }),
      'without a password',
    ],
    ['no program', () => execDrain({ argv: [] }), 'a program and its arguments'],
    ['a number as time', () => execDrain({ argv: ['x'], wait: 5 as never }), 'wait: expected a duration'],
    ['an unknown key', () => haproxy({ balancers: ['lb'], backend: 'e', sever: 'x' } as never), 'sever'],
  ])('%s', (_what, make, message) => {
    const failed = (): unknown => make().make(instance);
    expect(failed).toThrow(UsageError);
    expect(failed).toThrow(message);
  });
});
