import { readFileSync } from 'node:fs';
import { releaseEntries } from '../../../src/host/verbs/prepare.ts';
import type { Reference } from '../../../src/lab/reference.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import type { HostRelease } from '../../../src/model/release.ts';
import { sha256 } from '../../../src/util/digest.ts';
import type { TestRelease } from './service.ts';

/** The built reference service, or undefined where it could not be built. */
export function edgeBinary(): string | undefined {
  const file = process.env.PDEPLOY_TEST_LAB;
  if (file === undefined) return undefined;
  const { reference } = JSON.parse(readFileSync(file, 'utf8')) as { readonly reference: Reference };
  return reference.flavour === 'edge' ? reference.binary : undefined;
}

export type EdgeOptions = {
  /** Release id that it answers with. */
  readonly name: string;
  readonly port: number;
  readonly graceSeconds?: number;
  readonly app?: Readonly<Record<string, unknown>>;
  /** A program in place of the reference service. */
  readonly program?: string;
  readonly unit?: (text: string) => string;
};

/** A release of the reference service whose unit can hand over; admin port `port + 1`, metrics `port + 2`. */
export function edgeRelease(service: string, binary: string, options: EdgeOptions): TestRelease {
  const { name, port, graceSeconds = 1 } = options;
  const at = `/run/pdeploy/${service}/%i/current`;
  const unit = `[Unit]
Description=${service} %i
After=pdeploy-recover.service
[Service]
Type=notify
NotifyAccess=main
EnvironmentFile=-${at}/env
DynamicUser=yes
RuntimeDirectory=%p/%i
RuntimeDirectoryMode=0700
ExecStart=${at}/bin/edge -c ${at}/edge.json
ExecReload=/usr/bin/setsid --fork ${at}/bin/edge -c ${at}/edge.json -u
Restart=on-failure
RestartSec=1
KillMode=mixed
TimeoutStopSec=10
[Install]
WantedBy=multi-user.target
`;
  const config = {
    version: 1,
    threads: 2,
    grace_period_seconds: graceSeconds,
    graceful_shutdown_timeout_seconds: 1,
    upgrade_sock: socketOf(service, String(port)),
    app: {
      listen: { http: `0.0.0.0:${port}` },
      admin: { addr: `127.0.0.1:${port + 1}` },
      metrics: { addr: `127.0.0.1:${port + 2}` },
      release: name,
      ...options.app,
    },
  };
  const files = [
    {
      path: 'bin/edge',
      mode: '0755',
      // A machine without cargo has no such program, and skips what would run it.
      content:
        options.program === undefined && binary !== ''
          ? readFileSync(binary)
          : Buffer.from(options.program ?? ''),
    },
    { path: 'edge.json', mode: '0644', content: Buffer.from(JSON.stringify(config)) },
    { path: 'unit', mode: '0644', content: Buffer.from(options.unit?.(unit) ?? unit) },
  ];
  const manifest = files.map((f) => `${sha256(f.content)} ${f.mode} ${f.path}\n`).join('');
  const hostRelease: HostRelease = {
    service,
    digest: sha256(manifest),
    manifest,
    files: files.map(({ path, mode, content }) => ({
      path,
      mode,
      size: content.length,
      sha256: sha256(content),
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

export function socketOf(service: string, instance: string): string {
  return `/run/${service}/${instance}/upgrade.sock`;
}

/** Ready, with the name of the release, on its own ports. */
export function edgeHealth(port: number): HealthCheck {
  return {
    probes: [
      {
        kind: 'http',
        port: port + 1,
        path: '/readyz',
        tls: false,
        expect: {},
        timeoutMs: 1000,
        from: ['host'],
      },
    ],
    listens: [port, port + 1],
    intervalMs: 200,
    minHealthyMs: 0,
    healthyDeadlineMs: 20_000,
  };
}
