import { describe, expect, test } from 'vitest';
import type { Step } from '../../src/model/playbook.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { definePlaybook } from '../../src/playbook/define.ts';
import { http, tcp } from '../../src/resource/probes.ts';
import { type ReleaseOptions, release } from '../../src/resource/release.ts';
import { type ServiceOptions, service } from '../../src/resource/service.ts';
import { systemdUnit } from '../../src/resource/systemd-unit.ts';
import { Secret } from '../../src/util/secret.ts';
import { aHost } from './sample.ts';

const HEALTH: ServiceOptions = { health: { probes: [tcp({ port: 80 })] } };

function compile(options: Partial<ReleaseOptions>, healthOptions = HEALTH): readonly Step[] {
  const playbook = definePlaybook({
    name: 'test',
    service: 'edge',
    strategy: { minHealthyTime: '3s' },
    steps: () => [
      release({ binary: 'edge', from: './edge', ...options } as ReleaseOptions),
      systemdUnit({ user: 'edge', exec: ['/bin/true'] }),
      service(healthOptions),
    ],
  });
  const host = aHost({ instances: { '1': { port: 6188 }, '2': { port: 6189 } } });
  return compileSteps(playbook, host, 'edge', 'v1').steps;
}

describe('a release', () => {
  test.each<[ReleaseOptions['from'], unknown]>([
    ['./edge', { kind: 'path', path: './edge' }],
    [{ path: '/opt/edge' }, { kind: 'path', path: '/opt/edge' }],
    [
      { url: 'https://example.org/edge', sha256: 'a'.repeat(64) },
      { kind: 'url', url: 'https://example.org/edge', sha256: 'a'.repeat(64) },
    ],
  ])('from %j', (from, artifact) => {
    expect(compile({ from })[0]).toMatchObject({
      id: 'release',
      artifact,
      binary: 'edge',
      files: [],
      metadata: {},
    });
  });

  test('gives secrets to the group of the service only', () => {
    const files = [
      { path: 'config/1.yaml', content: 'a: 1\n' },
      { path: 'config/key', content: new Secret('key', 'hunter2') },
      { path: 'config/run.sh', content: '', mode: '555' },
    ];
    expect(compile({ files })[0]).toMatchObject({
      files: [{ mode: '0444' }, { mode: '0440' }, { mode: '0555' }],
    });
  });

  const KEY = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';

  test.each<[Partial<ReleaseOptions>, string]>([
    [{}, './edge.minisig'],
    [
      { from: { url: 'https://example.org/edge', sha256: 'a'.repeat(64) } },
      'https://example.org/edge.minisig',
    ],
    [{ require: { minisign: { publicKey: KEY, signature: 'sigs/edge' } } }, 'sigs/edge'],
  ])('that must be signed: %j', (options, signature) => {
    expect(compile({ require: { minisign: { publicKey: KEY } }, ...options })[0]).toMatchObject({
      minisign: { publicKey: KEY, signature },
    });
  });

  const file = (path: string) => ({ files: [{ path, content: '' }] });
  test.each<[Partial<ReleaseOptions>, string]>([
    [
      { require: { minisign: { publicKey: 'RWx' } } },
      'release(): require.minisign.publicKey: expected a minisign key, the line of the public key file that begins with RW',
    ],
    [
      { require: { minisign: { publicKey: KEY } }, files: [{ path: 'a/b', content: '', mode: '0555' }] },
      'release(): files: "a/b" could be started, and only the binary is signed',
    ],
    [file('../x'), 'release(): files: "../x" is not a relative path of plain names such as "config/1.yaml"'],
    [
      file('/etc/x'),
      'release(): files: "/etc/x" is not a relative path of plain names such as "config/1.yaml"',
    ],
    [
      file('config/a b'),
      'release(): files: "config/a b" is not a relative path of plain names such as "config/1.yaml"',
    ],
    [
      file('config/-rf'),
      'release(): files: "config/-rf" is not a relative path of plain names such as "config/1.yaml"',
    ],
    [
      file('unit'),
      'release(): files: "unit" lies where pdeploy puts its own files, use a folder such as config/',
    ],
    [
      file('bin/other'),
      'release(): files: "bin/other" lies where pdeploy puts its own files, use a folder such as config/',
    ],
    [
      {
        files: [
          { path: 'a', content: '' },
          { path: 'a', content: '' },
        ],
      },
      'release(): files: "a" is there twice',
    ],
    [
      { files: [{ path: 'a', content: new Secret('k', 'hunter2'), mode: '0644' }] },
      'release(): files: "a" holds a secret and mode 0644 lets everybody read it',
    ],
    [
      { from: { url: 'http://example.org/x', sha256: 'a'.repeat(64) } },
      'release(): from.url: must be an https URL',
    ],
    [
      { from: { url: 'https://example.org/x', sha256: 'abc' } },
      'release(): from.sha256: must be 64 lower-case hex digits',
    ],
    [{ binary: 'bin/edge' }, 'release(): binary: expected a file name such as "edge"'],
    [{ binary: undefined as never }, 'release(): binary: is not set (string)'],
  ])('%j is refused', (options, message) => {
    expect(() => compile(options)).toThrow(expect.objectContaining({ message }));
  });
});

describe('a service', () => {
  test('has a health check for each instance, judged as the strategy says', () => {
    const step = compile(
      {},
      {
        health: (i) => ({ probes: [http({ port: i.name === '1' ? 6188 : 6189 })], listens: [80] }),
        stopTimeout: '5s',
      },
    ).at(-1);
    expect(step).toEqual({
      type: 'service',
      id: 'service',
      enabled: true,
      stopTimeoutMs: 5_000,
      reload: false,
      drain: new Map([
        ['1', []],
        ['2', []],
      ]),
      health: new Map(
        [6188, 6189].map((port, i) => [
          String(i + 1),
          {
            probes: [
              { kind: 'http', port, path: '/', tls: false, expect: {}, timeoutMs: 2_000, from: ['host'] },
            ],
            listens: [80],
            intervalMs: 500,
            minHealthyMs: 3_000,
            healthyDeadlineMs: 120_000,
          },
        ]),
      ),
    });
  });

  test.each<[unknown, string]>([
    [
      { health: { probes: [] } },
      'service(): probes: needs at least one probe, http({ port, path: "/readyz" }) for one',
    ],
    [
      { health: { probes: [{ port: 80 }] } },
      'service(): probes.0: expected http(), tcp(), tls(), exec() or systemd()',
    ],
    [
      { health: () => ({ probes: [tcp({ port: 80 })], listen: [80] }) },
      'service: health of edge-01@1: unknown key "listen", did you mean "listens"?',
    ],
    [{}, 'service(): health: is not set (an object or a function of the instance)'],
    [{ ...HEALTH, stopTimeout: '2h' }, 'service(): stopTimeout: must be at most 1h'],
  ])('%j is refused', (options, message) => {
    expect(() => compile({}, options as ServiceOptions)).toThrow(expect.objectContaining({ message }));
  });
});
