import { readFileSync } from 'node:fs';
import type { TarEntry } from '../../../src/host/tar.ts';
import {
  hostEntries,
  type PrepareInput,
  prepareRequest,
  releaseEntries,
} from '../../../src/host/verbs/prepare.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import type { HostRelease } from '../../../src/model/release.ts';
import { sha256 } from '../../../src/util/digest.ts';
import type { Answer, Client } from './client.ts';

const BUSYBOX = readFileSync('/bin/busybox');

export type TestRelease = { readonly hostRelease: HostRelease; readonly entries: readonly TarEntry[] };

export type ReleaseOptions = {
  /** What the page says; makes the release different. */
  readonly page: string;
  readonly unit?: (text: string) => string;
  readonly dropIns?: Readonly<Record<string, string>>;
  readonly logrotate?: string;
  /** Arguments of the service instead of a web server on port `%i`. */
  readonly args?: string;
  readonly user?: string;
  readonly files?: readonly { readonly path: string; readonly mode: string; readonly text: string }[];
};

/** A release of a web server that listens on the port its instance is named after. */
export function testRelease(service: string, options: ReleaseOptions): TestRelease {
  const at = `/run/pdeploy/${service}/%i/current`;
  const text = `[Unit]
Description=${service} %i
After=pdeploy-recover.service
[Service]
Type=exec
${options.user === undefined ? '' : `User=${options.user}\n`}EnvironmentFile=-${at}/env
ExecStart=${at}/bin/busybox ${options.args ?? `httpd -f -p %i -h ${at}/www`}
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
`;
  const file = (path: string, content: string | Buffer, mode = '0644') => ({
    path,
    mode,
    content: Buffer.from(content),
  });
  const files = [
    file('bin/busybox', BUSYBOX, '0755'),
    file('unit', options.unit?.(text) ?? text),
    file('www/index.html', options.page),
    ...Object.entries(options.dropIns ?? {}).map(([name, dropIn]) => file(`dropins/${name}`, dropIn)),
    ...(options.logrotate === undefined ? [] : [file('logrotate', options.logrotate)]),
    ...(options.files ?? []).map((extra) => file(extra.path, extra.text, extra.mode)),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = files.map((f) => `${sha256(f.content)} ${f.mode} ${f.path}\n`).join('');
  const hostRelease: HostRelease = {
    service,
    digest: sha256(manifest),
    manifest,
    files: files.map((f) => ({
      path: f.path,
      mode: f.mode,
      size: f.content.length,
      sha256: sha256(f.content),
    })),
  };
  const contents = new Map(files.map((f) => [f.path, f.content]));
  const entries = releaseEntries(hostRelease, (path) => ({
    path,
    mode: 0,
    content: contents.get(path) ?? Buffer.alloc(0),
  }));
  return { hostRelease, entries };
}

export type PrepareOptions = Partial<Pick<PrepareInput, 'ops' | 'test' | 'reserveBytes' | 'downgrade'>> &
  Pick<PrepareInput, 'opId' | 'service' | 'epoch' | 'deployment' | 'instances'>;

/** Sends a whole release. */
export function prepare(client: Client, release: TestRelease, options: PrepareOptions): Promise<Answer> {
  const { digest } = release.hostRelease;
  const input: PrepareInput = {
    ops: [],
    ...options,
    release: { id: digest, label: 'v1 "quoted"', createdAt: '2026-01-01T00:00:00Z', metadata: {} },
    hostRelease: release.hostRelease,
    content: 'tar',
  };
  return client.call(prepareRequest(input), { entries: [...release.entries, ...hostEntries(input)] });
}

export function webHealth(port: number, extra: Partial<HealthCheck> = {}): HealthCheck {
  return {
    probes: [
      {
        kind: 'http',
        port,
        path: '/',
        tls: false,
        expect: {},
        timeoutMs: 1000,
        from: ['host'],
      },
    ],
    listens: [port],
    intervalMs: 200,
    minHealthyMs: 1000,
    healthyDeadlineMs: 10_000,
    ...extra,
  };
}
