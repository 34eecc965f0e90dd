import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../src/certs/pem.ts';
import type { Certificate } from '../../src/execute/certificates.ts';
import { compileHost } from '../../src/execute/compile.ts';
import { hasCertificate, otherLines, rotatedRelease } from '../../src/execute/rotated.ts';
import { Secret } from '../../src/util/secret.ts';
import { makeAuthority } from '../certs/authority.ts';
import { aHost } from '../resource/sample.ts';

const authority = makeAuthority();

function aCertificate(name: string): Certificate {
  const { cert, key } = authority.issue([`${name}.test`]);
  const step = {
    type: 'certificate' as const,
    id: `certificate:${name}`,
    name,
    servers: [`${name}.test`],
    source: { kind: 'files' as const, cert: '', key: '' },
    trust: 'none' as const,
    settleMs: 0,
    profile: 'intermediate' as const,
    ports: new Map(),
  };
  const leaf = new X509Certificate(cert);
  const fingerprint = fingerprintOf(leaf);
  return { step, chain: [leaf], fingerprint, pem: cert, key: new Secret(name, key), trust: { kind: 'none' } };
}

function compile(...certificates: readonly Certificate[]) {
  const steps = {
    release: {
      type: 'release' as const,
      id: 'release',
      artifact: { kind: 'path' as const, path: 'edge' },
      binary: 'edge',
      files: [{ path: 'config/1.json', content: '{}', mode: '0444' }],
      metadata: {},
    },
    unit: { type: 'unit' as const, id: 'unit', text: '[Service]\n', dropIns: [], user: 'edge' },
    service: {
      type: 'service' as const,
      id: 'service',
      enabled: true,
      stopTimeoutMs: 1,
      reload: false,
      drain: new Map(),
      health: new Map(),
    },
    logrotate: undefined,
    certificates: [],
    resources: [],
  };
  const artifact = { sha256: 'a'.repeat(64), size: 1, frame: '', frameSize: 0, elf: undefined };
  return compileHost(aHost(), aHost().instances, steps, artifact, undefined, certificates).release;
}

test('a rotated release is the one that a rollout of the same thing would make', () => {
  const [old, next, other] = [aCertificate('site'), aCertificate('site'), aCertificate('api')];
  const before = compile(old, other);
  const wanted = compile(next, other);
  expect(before.digest).not.toBe(wanted.digest);
  const kept = otherLines(before.manifest, ['site']);
  expect(kept).toHaveLength(5);
  const { release, payload } = rotatedRelease('edge', kept, [next]);
  expect([release.manifest, release.digest]).toEqual([wanted.manifest, wanted.digest]);
  expect(payload.size).toBe(payload.sizeOfTexts);
  expect(rotatedRelease('edge', kept, [old]).release.digest).toBe(before.digest);
});

test('whether a release has a certificate is told by its manifest', () => {
  const { manifest } = compile(aCertificate('site'));
  expect(hasCertificate(manifest, 'site')).toBe(true);
  expect(hasCertificate(manifest, 'sit')).toBe(false);
  expect(hasCertificate('', 'site')).toBe(false);
});
