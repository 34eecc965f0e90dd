import { expect, test } from 'vitest';
import type { Step } from '../../src/model/playbook.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';
import { unitText } from '../../src/model/unit-text.ts';
import { stepProblems } from '../../src/playbook/rules.ts';
import { type CertificateOptions, certificate } from '../../src/resource/certificate.ts';
import { tls } from '../../src/resource/probes.ts';
import { aHost } from './sample.ts';

const SITE: CertificateOptions = {
  name: 'site',
  servers: ['shop.example'],
  from: { cert: 'site.pem', key: 'site.key' },
  ports: () => 443,
};

function finish(options: CertificateOptions): Step {
  const host = aHost();
  const paths = { root: '/opt', current: unitText([{ kind: 'literal', text: '/run' }]) };
  const ctx = { host, instances: host.instances, service: 'edge', label: 'v1', vars: {}, secrets: {}, paths };
  return certificate(options).make(ctx, { strategy: DEFAULT_STRATEGY, stopTimeoutMs: 1 });
}

test('a certificate knows its source, its names and its ports', () => {
  expect(finish(SITE)).toMatchObject({
    type: 'certificate',
    id: 'certificate:site',
    source: { kind: 'files', cert: 'site.pem', key: 'site.key' },
    trust: 'system',
  });
  const own = finish({ ...SITE, from: { command: ['./get'] }, ports: () => [443, 8443], trust: 'none' });
  expect(own).toMatchObject({ source: { kind: 'command', argv: ['./get'], timeoutMs: 60_000 } });
  expect(own.type === 'certificate' && [...own.ports.values()].at(0)).toEqual([443, 8443]);
});

test.each<[object, string]>([
  [{ name: 'Site' }, 'certificate(): name: expected a name such as "site": a-z, 0-9 and -'],
  [{ servers: [] }, 'certificate(): servers: needs at least one server name'],
  [{ servers: ['Shop.example'] }, 'certificate(): servers.0: expected a server name such as "shop.example"'],
  [{ from: { cert: 'a' } }, 'certificate(): from'],
  [{ ports: 443 }, 'certificate(): ports: expected a function of the instance'],
  [{ ports: () => 0 }, 'ports of edge-01@1: 0: expected a port'],
  [{ trust: 'all' }, 'certificate(): trust: expected "system", "none" or { file }'],
])('wrong options: %j', (over, message) => {
  expect(() => finish({ ...SITE, ...over } as never)).toThrow(message);
});

test('a tls probe takes a fingerprint as tools show it', () => {
  const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');
  expect(tls({ port: 443, server: 'shop.example', fingerprint })).toMatchObject({
    fingerprint: 'ab'.repeat(32),
    times: 20,
  });
  expect(() => tls({ port: 443, server: 'shop.example', fingerprint: 'ab' })).toThrow('64 hex digits');
});

test('two certificates of one name, and a file of the release in the place of one, are refused', () => {
  const step = finish(SITE);
  const words = (steps: readonly Step[]): string =>
    stepProblems('rollout', 'edge', steps)
      .map((p) => p.message)
      .join('\n');
  expect(words([step, step])).toContain('two steps are called "certificate:site"');
  const file = { path: 'tls/site/cert.pem', content: '', mode: '0444' };
  const release = { type: 'release', id: 'release', files: [file], metadata: {} } as never;
  expect(words([step, release])).toContain('release() has tls/site/cert.pem, where certificate("site")');
});
