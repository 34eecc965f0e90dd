import { canonicalJson, sha256 } from '../util/digest.ts';

/** Everything a base image is made of. A change here makes a new image; hosts keep the one they began with. */
export type Recipe = {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly dpkgOptions: readonly string[];
  /** Run in the new image. */
  readonly commands: readonly (readonly string[])[];
  /** Units that would make noise on a host that only lives for a rehearsal. */
  readonly masked: readonly string[];
  /** Files that must be different on each host, or that leak from this machine. */
  readonly removed: readonly string[];
  readonly directories: readonly string[];
  readonly files: ReadonlyMap<string, { readonly text: string; readonly mode: number }>;
};

const SSHD = `# A fleet tool opens many connections at once.
UseDNS no
MaxStartups 60:30:200
PermitRootLogin prohibit-password
PasswordAuthentication no
HostKey /etc/ssh/ssh_host_ed25519_key
`;

export const RECIPE: Recipe = {
  suite: 'bookworm',
  packages: [
    'busybox',
    'ca-certificates',
    'curl',
    'dbus',
    'iproute2',
    'iputils-ping',
    'less',
    'libpam-systemd',
    'libzstd1',
    'logrotate',
    'nftables',
    'openssh-server',
    'openssl',
    'procps',
    'sudo',
    'systemd',
    'systemd-sysv',
    'zstd',
  ],
  dpkgOptions: [
    'path-exclude=/usr/share/doc/*',
    'path-exclude=/usr/share/info/*',
    'path-exclude=/usr/share/locale/*',
    'path-exclude=/usr/share/man/*',
  ],
  commands: [
    ['useradd', '--create-home', '--shell', '/bin/bash', '--uid', '1000', 'deploy'],
    ['systemctl', 'enable', 'systemd-networkd.service'],
    ['systemctl', 'disable', 'ssh.socket'],
  ],
  masked: [
    'apt-daily-upgrade.timer',
    'apt-daily.timer',
    'console-getty.service',
    'dpkg-db-backup.timer',
    'e2scrub_all.timer',
    'e2scrub_reap.service',
    'fstrim.timer',
    'getty@.service',
    'man-db.timer',
    'systemd-firstboot.service',
  ],
  removed: [
    'etc/hostname',
    'etc/machine-id',
    'etc/resolv.conf',
    'etc/ssh/ssh_host_ecdsa_key',
    'etc/ssh/ssh_host_ecdsa_key.pub',
    'etc/ssh/ssh_host_ed25519_key',
    'etc/ssh/ssh_host_ed25519_key.pub',
    'etc/ssh/ssh_host_rsa_key',
    'etc/ssh/ssh_host_rsa_key.pub',
  ],
  directories: ['var/log/journal'],
  files: new Map([
    ['etc/ssh/sshd_config.d/10-lab.conf', { text: SSHD, mode: 0o644 }],
    ['etc/sudoers.d/deploy', { text: 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n', mode: 0o440 }],
    ['etc/systemd/journald.conf.d/10-lab.conf', { text: '[Journal]\nSystemMaxUse=64M\n', mode: 0o644 }],
  ]),
};

/** Twelve hex digits that name the image made of a recipe on this kind of processor. */
export function recipeKey(recipe: Recipe, arch: string): string {
  return sha256(canonicalJson({ ...recipe, files: [...recipe.files], arch })).slice(0, 12);
}
