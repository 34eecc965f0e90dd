import { expect, test } from 'vitest';
import type { HealthCheck } from '../../src/model/health.ts';
import type { Through } from '../../src/model/through.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { definePlaybook } from '../../src/playbook/define.ts';
import { http } from '../../src/resource/probes.ts';
import { release } from '../../src/resource/release.ts';
import { type ServiceOptions, service } from '../../src/resource/service.ts';
import { systemdUnit } from '../../src/resource/systemd-unit.ts';
import type { ThroughOptions } from '../../src/resource/through.ts';
import { aHost } from './sample.ts';

const EXPECT = { instance: { in: 'x-server', is: 'edge-01-1' }, release: 'x-release' };
const LEAST: ThroughOptions = { url: 'https://shop.example/version', expect: EXPECT };

function health(through: unknown, more: Partial<ServiceOptions> = {}, instances = ['1']) {
  const playbook = definePlaybook({
    name: 'test',
    service: 'edge',
    steps: () => [
      release({ binary: 'edge', from: './edge' }),
      systemdUnit({ user: 'edge', exec: ['/bin/true'] }),
      service({
        health: { probes: [http({ port: 80 })], listens: [80], through: through as ThroughOptions },
        ...more,
      }),
    ],
  });
  const host = aHost({ instances: Object.fromEntries(instances.map((name) => [name, { port: 6188 }])) });
  const step = compileSteps(playbook, host, 'edge', 'v1').steps.find((s) => s.type === 'service');
  return step?.health.get('1') as HealthCheck;
}

test('what is left out has its default', () => {
  expect(health(LEAST).through).toEqual({
    url: 'https://shop.example/version',
    balancers: [],
    headers: {},
    instance: { in: 'x-server', is: 'edge-01-1' },
    release: 'x-release',
    status: [200],
    times: 3,
    withinMs: 30_000,
    timeoutMs: 2_000,
  } satisfies Through);
  expect(health(undefined).through).toBeUndefined();
});

test.each<[unknown, string]>([
  [{ ...LEAST, url: 'shop.example' }, 'health.through.url: expected an http or https URL'],
  [
    { ...LEAST, url: 'https://a:secret@shop.example/' },
    'health.through.url: expected an http or https URL without',
  ],
  [{ ...LEAST, balancers: [] }, 'balancers: expected at least one host or group'],
  [{ ...LEAST, expect: { release: 'x-release' } }, 'expect.instance'],
  [{ ...LEAST, expect: { ...EXPECT, release: 'x release' } }, 'expect.release: expected a header'],
  [{ ...LEAST, expect: { ...EXPECT, status: 503 } }, '5xx is never good'],
  [{ ...LEAST, headers: { cookie: 'a\r\nb: c' } }, 'headers.cookie: expected printable ASCII'],
  [{ ...LEAST, host: 'x' }, 'host'],
])('%j is refused', (through, why) => {
  expect(() => health(through)).toThrow(why.replace('health.through', 'through'));
});

test('two instances of a host that say the same of themselves are refused', () => {
  expect(() => health(LEAST, {}, ['1', '2'])).toThrow(
    'edge-01-1 in x-server is said of more than one instance',
  );
});

test('where instances hand over the process has to be told as well', () => {
  const handover = { activation: 'handover', handover: { socket: () => '/run/edge/u.sock' } } as const;
  expect(() => health(LEAST, handover)).toThrow('expect.pid is missing');
  expect(health({ ...LEAST, expect: { ...EXPECT, pid: 'x-pid' } }, handover).through?.pid).toBe('x-pid');
});
