import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { Artifact } from '../../src/execute/artifact.ts';
import { type CompiledHost, compileHost } from '../../src/execute/compile.ts';
import { payloadOf } from '../../src/execute/payload.ts';
import { tarHeader, tarPadding } from '../../src/host/tar.ts';
import type { HealthCheck } from '../../src/model/health.ts';
import type { Host } from '../../src/model/host.ts';
import { sha256 } from '../../src/util/digest.ts';

export const SERVICE = 'edge';
const BINARY = 'edge';

/** Compiles releases whose binaries lie in a cache of this process. */
export type Releases = {
  compile(host: Host, release: ReleaseText): CompiledHost;
  end(): void;
};

/** What tells two releases apart. */
export type ReleaseText = { readonly config: string; readonly unit: string };

export const UNIT = '[Service]\nExecStart=/run/pdeploy/edge/%i/current/bin/edge\n';
export const OTHER_UNIT = `${UNIT}LimitNOFILE=131072\n`;

const CHECK: HealthCheck = {
  probes: [
    { kind: 'systemd' },
    { kind: 'http', port: 6188, path: '/readyz', tls: false, expect: {}, timeoutMs: 1_000, from: ['host'] },
  ],
  listens: [],
  intervalMs: 250,
  minHealthyMs: 500,
  healthyDeadlineMs: 4_000,
};

export async function openReleases(): Promise<Releases> {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-sim-'));
  // Nothing is remembered from one run to the next.
  process.env.XDG_CACHE_HOME = dir;
  const binary = Buffer.from('#!/bin/edge\n');
  const frame = join(dir, 'frame');
  writeFileSync(
    frame,
    zstdCompressSync(
      Buffer.concat([
        tarHeader(`release/bin/${BINARY}`, 0o555, binary.length),
        binary,
        tarPadding(binary.length),
      ]),
    ),
  );
  const artifact: Artifact = {
    sha256: sha256(binary),
    size: binary.length,
    frame,
    frameSize: statSync(frame).size,
    elf: undefined,
  };
  // The frame is read once and kept: from here on no run waits for a disk.
  await payloadOf(artifact, '', []).open('tar.zst', [], 'all').toArray();
  const known = new Map<string, CompiledHost>();
  return {
    compile: (host, { config, unit }) => {
      const key = `${host.instances.length} ${config} ${unit}`;
      const same = known.get(key);
      if (same !== undefined) return { ...same, host, instances: host.instances };
      const compiled = compileHost(
        host,
        host.instances,
        {
          release: {
            type: 'release',
            id: 'release',
            artifact: { kind: 'path', path: frame },
            binary: BINARY,
            files: [{ path: 'config/edge.yaml', content: config, mode: '0444' }],
            metadata: {},
          },
          unit: { type: 'unit', id: 'unit', text: unit, dropIns: [], user: 'edge' },
          service: {
            type: 'service',
            id: 'service',
            enabled: true,
            stopTimeoutMs: 1_000,
            reload: false,
            drain: new Map(),
            health: new Map(host.instances.map((i) => [i.name, CHECK])),
          },
          logrotate: undefined,
          certificates: [],
          resources: [],
        },
        artifact,
      );
      known.set(key, compiled);
      return compiled;
    },
    end: () => rmSync(dir, { recursive: true, force: true }),
  };
}
