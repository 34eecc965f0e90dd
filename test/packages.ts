import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What the tests run for real, and the Debian package that has it. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/bin/ssh', 'openssh-client'],
  ['/bin/busybox', 'busybox'],
  ['/bin/dash', 'dash'],
  ['/usr/sbin/logrotate', 'logrotate'],
  ['/usr/bin/systemd-analyze', 'systemd'],
  ['/usr/bin/systemd-nspawn', 'systemd-container'],
  ['/usr/bin/mmdebstrap', 'mmdebstrap'],
  ['/usr/sbin/nft', 'nftables'],
  ['/usr/sbin/ip', 'iproute2'],
  ['/usr/bin/git', 'git'],
  ['/usr/bin/zstd', 'zstd'],
  ['/usr/bin/objdump', 'binutils'],
  ['/usr/bin/caddy', 'caddy'],
  ['/usr/bin/curl', 'curl'],
  ['/usr/bin/minisign', 'minisign'],
  ['/usr/bin/pebble', 'pebble'],
  ['/usr/sbin/named', 'bind9'],
  ['/usr/bin/nsupdate', 'bind9-dnsutils'],
  ['/usr/bin/age', 'age'],
  ['/usr/sbin/haproxy', 'haproxy'],
  ['/usr/bin/socat', 'socat'],
  ['/usr/bin/wrk', 'wrk'],
  ['/usr/bin/h2load', 'nghttp2-client'],
]);

/** Installs what the tests need and this machine lacks. */
export function installPackages(say: (line: string) => void): void {
  const missing = [...NEEDED].filter(([file]) => !existsSync(file)).map(([, name]) => name);
  if (missing.length === 0) return;
  say(`installing Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['-qq', 'update'], { stdio: 'inherit', env });
  // Daemons that come with a package are not wanted here: the tests start their own.
  const args = [
    '-qq',
    '-y',
    '--no-install-recommends',
    '-o',
    'Dpkg::Options::=--force-confold',
    'install',
    ...missing,
  ];
  spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
}
