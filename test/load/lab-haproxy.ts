import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inside } from '../../src/lab/inside.ts';
import type { LabHost } from '../../src/lab/lab-state.ts';

export const SOCKET = '/run/haproxy/admin.sock';
export const FRONT_PORT = 8000;
/** HTTP/2 without TLS. */
export const H2_PORT = 8001;
/** Passed on as it comes, to the ports that speak HTTP/1.1 and to those that speak TLS. */
export const TCP_PORT = 8002;
export const TLS_PORT = 8003;
const DIR = 'opt/haproxy';

export type BackendServer = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tlsPort?: number;
};

/** Starts Debian's HAProxy of this machine as a unit of a lab host: its image needs nothing for that. */
export async function startLabHaproxy(host: LabHost, servers: readonly BackendServer[]): Promise<void> {
  const dir = join(host.merged, DIR);
  mkdirSync(join(dir, 'lib'), { recursive: true });
  copyFileSync('/usr/sbin/haproxy', join(dir, 'haproxy'));
  const libraries = execFileSync('ldd', ['/usr/sbin/haproxy'], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => / => (\/\S+)/.exec(line)?.[1] ?? [])
    // The loader and libc have to be of one piece.
    .filter((file) => !/\/lib(c|m)\.so/.test(file));
  for (const file of libraries) copyFileSync(file, join(dir, 'lib', basename(file)));
  writeFileSync(join(dir, 'haproxy.cfg'), haproxyConfig(servers));
  await must(host, 'mkdir', '-p', '/run/haproxy');
  await must(
    host,
    ...['systemd-run', '-q', '--collect', '--unit=haproxy', '--setenv=LD_LIBRARY_PATH=/opt/haproxy/lib'],
    ...['--property=LimitNOFILE=20000', '--property=Restart=always'],
    ...[`/${DIR}/haproxy`, '-db', '-f', `/${DIR}/haproxy.cfg`],
  );
  for (let n = 0; ; n += 1) {
    const said = await inside(host, ['test', '-S', SOCKET]);
    if (said.code === 0) return;
    if (n > 200) throw new Error(`HAProxy does not start on ${host.name}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

export async function stopLabHaproxy(host: LabHost): Promise<void> {
  await inside(host, ['systemctl', 'stop', 'haproxy.service']);
  await inside(host, ['rm', '-rf', `/${DIR}`, '/run/haproxy']);
}

/** Checked every 500 ms; requests that meet a server which is going away are not repeated elsewhere. */
function haproxyConfig(servers: readonly BackendServer[]): string {
  return [
    'global',
    `  stats socket ${SOCKET} mode 600 level admin`,
    '  maxconn 8000',
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout tunnel 10m',
    '  retries 0',
    '  option httpchk GET /readyz',
    'frontend front',
    `  bind :${FRONT_PORT}`,
    `  bind :${H2_PORT} proto h2`,
    '  default_backend edge',
    'backend edge',
    '  http-response set-header x-server %s',
    '  balance roundrobin',
    '  default-server check inter 500ms fall 2 rise 2',
    ...servers.map((s) => `  server ${s.name} ${s.address}:${s.port}`),
    ...passedOn(
      'tcp',
      TCP_PORT,
      servers.map((s) => [s, s.port]),
    ),
    ...passedOn(
      'tls',
      TLS_PORT,
      servers.flatMap((s) => (s.tlsPort === undefined ? [] : [[s, s.tlsPort] as const])),
    ),
    '',
  ].join('\n');
}

/** A server of it goes and comes with the one of the same name in the backend `edge`. */
function passedOn(name: string, port: number, servers: readonly (readonly [BackendServer, number])[]) {
  return [
    `listen ${name}`,
    '  mode tcp',
    `  bind :${port}`,
    '  balance roundrobin',
    ...servers.map(([s, at]) => `  server ${s.name} ${s.address}:${at} track edge/${s.name}`),
  ];
}

/** `show stat` of the servers: name to status and current sessions. */
export async function serversOf(host: LabHost): Promise<ReadonlyMap<string, string>> {
  const script = `use Socket; my $s; socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, pack_sockaddr_un('${SOCKET}')) or exit 1; syswrite($s, "show stat -1 4 -1\\n"); print while <$s>`;
  const { stdout } = await inside(host, ['perl', '-e', script]);
  const rows = stdout.split('\n').map((row) => row.split(','));
  return new Map(rows.flatMap((r) => (r[0] === 'edge' ? [[r[1] ?? '', r[17] ?? ''] as const] : [])));
}

async function must(host: LabHost, ...argv: readonly string[]): Promise<void> {
  const done = await inside(host, argv);
  if (done.code !== 0) throw new Error(`${argv[0]} on ${host.name}: ${done.stderr}`);
}
