import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/model/host.ts';
import { chooseTransport } from '../../src/transport/choose.ts';
import { routeTo } from '../../src/transport/endpoint.ts';
import { knownHostsReader } from '../../src/transport/known-hosts/load.ts';
import { parseSshConfig, type SshConfigReader, sshConfigReader } from '../../src/transport/ssh-config.ts';
import { testHost } from './support/hosts.ts';
import { makeKey } from './support/keys.ts';
import { type Sshd, startSshd } from './support/sshd.ts';
import { connectFailure, echoes } from './support/transport.ts';

let sshd: Sshd;
let env: NodeJS.ProcessEnv;
let sshConfigOf: SshConfigReader;

beforeAll(async () => {
  sshd = await startSshd();
  env = { HOME: sshd.dir, PATH: process.env.PATH };
  sshConfigOf = await reader(`
    Host short
      HostName 127.0.0.1
      Port ${sshd.port}
      User ${sshd.user}
      IdentityFile ${sshd.login.file}
      IdentitiesOnly yes
      UserKnownHostsFile ${sshd.knownHosts} ~/more
      GlobalKnownHostsFile none
    Host aliased
      HostKeyAlias some-name
      IdentityAgent ~/%r.sock
    Host behind
      HostName 198.51.100.7
      ProxyJump someone@short,short2:2200
    Host twice
      ProxyJump behind
    Host commanded
      ProxyCommand nc %h %p
    Host certified
      CertificateFile ~/id-cert.pub
    Host tokened
      PKCS11Provider /usr/lib/token.so
    Host jumped-by-command
      ProxyJump commanded
    Host 198.51.100.*
      User by-address
  `);
});

afterAll(() => sshd.stop());

async function reader(text: string): Promise<SshConfigReader> {
  const configFile = join(sshd.dir, 'ssh_config');
  await writeFile(configFile, text);
  return sshConfigReader({ env, configFile });
}

const open = (name: string, more: Partial<Host['connection']> = {}): Host =>
  testHost({ address: name, user: 'me', unset: ['address', 'port', 'user'], ...more }, name);

describe('what ssh would do', () => {
  it('is read for a name', async () => {
    expect(await sshConfigOf('short')).toEqual({
      hostname: '127.0.0.1',
      port: sshd.port,
      user: sshd.user,
      identityFiles: [sshd.login.file],
      identitiesOnly: true,
      identityAgent: undefined,
      userKnownHostsFiles: [sshd.knownHosts, expect.stringMatching(/^\/.*\/more$/)],
      globalKnownHostsFiles: [],
      hostKeyAlias: undefined,
      proxyJump: [],
      needsOpenssh: undefined,
    });
    expect(await sshConfigOf('aliased')).toMatchObject({
      hostname: 'aliased',
      port: 22,
      hostKeyAlias: 'some-name',
      identityAgent: expect.stringMatching(new RegExp(`/${userInfo().username}\\.sock$`)),
    });
    expect((await sshConfigOf('behind')).proxyJump).toEqual(['someone@short', 'short2:2200']);
  });

  it.each([
    ['commanded', /ProxyCommand/],
    ['certified', /CertificateFile/],
    ['tokened', /PKCS11Provider/],
  ])('for %s needs OpenSSH', async (name, why) => {
    expect((await sshConfigOf(name)).needsOpenssh).toMatch(why);
  });

  it.each(['-oProxyCommand=x', 'a b', '$(x)', ''])('is not asked for %j', async (name) => {
    await expect(sshConfigOf(name)).rejects.toMatchObject({ code: 'PD3111', exitCode: 3 });
  });

  it('is the defaults where there is no ssh', async () => {
    const none = sshConfigReader({ env: { HOME: '/h', USER: 'me' }, program: join(sshd.dir, 'no-ssh') });
    expect(await none('edge')).toEqual(parseSshConfig('', 'edge', { home: '/h', user: 'me' }));
    expect(await none('edge')).toMatchObject({
      hostname: 'edge',
      port: 22,
      user: 'me',
      identityFiles: ['/h/.ssh/id_ed25519', '/h/.ssh/id_ecdsa', '/h/.ssh/id_rsa'],
      userKnownHostsFiles: ['/h/.ssh/known_hosts', '/h/.ssh/known_hosts2'],
    });
  });

  it('is refused with the words of ssh when its file is wrong', async () => {
    const broken = join(sshd.dir, 'broken');
    await writeFile(broken, 'NoSuchOption yes\n');
    const failing = sshConfigReader({ env, configFile: broken });
    await expect(failing('edge')).rejects.toMatchObject({
      code: 'PD3112',
      message: expect.stringContaining('NoSuchOption'.toLowerCase()),
    });
  });
});

describe('the way to a host', () => {
  it('is what ssh_config says where the inventory leaves it open', async () => {
    expect(await echoes(open('short'), { env, sshConfigOf })).toBe(true);
  });

  it('is what the inventory says where it says something', async () => {
    const host = open('short', {
      port: 2022,
      user: 'deploy',
      unset: ['address'],
      identities: ['/k'],
      knownHosts: ['/kh'],
    });
    const { target } = await routeTo(host, { env, sshConfigOf });
    expect(target).toMatchObject({
      address: '127.0.0.1',
      port: 2022,
      user: 'deploy',
      identityFiles: ['/k'],
      identitiesOnly: true,
      knownHosts: ['/kh'],
    });
  });

  it('looks the address up in ssh_config when only the user is open', async () => {
    const host = testHost({ address: '198.51.100.9', user: 'me', unset: ['user'] }, 'short');
    expect((await routeTo(host, { env, sshConfigOf })).target).toMatchObject({
      address: '198.51.100.9',
      user: 'by-address',
    });
  });

  it('does not ask ssh at all when nothing is open', async () => {
    const never: SshConfigReader = () => Promise.reject(new Error('asked'));
    const { target } = await routeTo(testHost({ address: '198.51.100.9' }), { env, sshConfigOf: never });
    expect(target.knownHosts).toEqual([
      join(sshd.dir, '.ssh/known_hosts'),
      join(sshd.dir, '.ssh/known_hosts2'),
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ]);
  });

  it('leads through the jump hosts of ssh_config, unless the inventory names its own', async () => {
    const route = await routeTo(open('behind'), { env, sshConfigOf });
    expect(route.jump.map((hop) => [hop.name, hop.user, hop.address, hop.port])).toEqual([
      ['short', 'someone', '127.0.0.1', sshd.port],
      ['short2', userInfo().username, 'short2', 2200],
    ]);
    const own = { ...testHost({ address: '198.51.100.1' }).connection, name: 'own' };
    const named = await routeTo(open('behind', { jump: [own] }), { env, sshConfigOf });
    expect(named.jump.map((hop) => hop.name)).toEqual(['own']);
  });
});

describe('choosing a transport', () => {
  const choose = async (host: Host): Promise<string> => {
    const choice = await chooseTransport(host, { env, sshConfigOf, readKnownHosts: knownHostsReader() });
    return choice.kind === 'ssh2' ? 'ssh2' : `openssh: ${choice.why}`;
  };
  const auto = (name: string, more: Partial<Host['connection']> = {}): Host =>
    open(name, { transport: 'auto', ...more });

  it('takes ssh2 where it can', async () => {
    expect(await choose(auto('short'))).toBe('ssh2');
    expect(await choose(auto('behind'))).toBe('ssh2');
    expect(await choose(auto('commanded', { transport: 'ssh2' }))).toBe('ssh2');
  });

  it.each([
    ['commanded', /ProxyCommand/],
    ['certified', /CertificateFile/],
    ['twice', /ProxyJump of its own/],
    ['jumped-by-command', /ProxyCommand/],
  ])('says that %s needs OpenSSH', async (name, why) => {
    expect(await choose(auto(name))).toMatch(why);
    expect(await connectFailure(open(name), { env, sshConfigOf })).toMatchObject({ failure: 'protocol' });
  });

  it('says so when the inventory asks for it', async () => {
    const host = auto('short', { transport: 'openssh' });
    expect(await choose(host)).toBe('openssh: the inventory asks for it');
    expect(await connectFailure(host, { env, sshConfigOf })).toMatchObject({ failure: 'protocol' });
  });

  it('says so when only a certificate vouches for the host, or only a security token logs in', async () => {
    const ca = await makeKey(sshd.dir, 'ca');
    const file = join(sshd.dir, 'ca_hosts');
    await writeFile(file, `@cert-authority * ${ca.publicLine}\n`);
    expect(await choose(auto('short', { knownHosts: [file] }))).toMatch(/^openssh: .*certificate/);
    const token = join(sshd.dir, 'id_ed25519_sk');
    const blob = Buffer.concat([Buffer.from([0, 0, 0, 26]), Buffer.from('sk-ssh-ed25519@openssh.com')]);
    await writeFile(`${token}.pub`, `sk-ssh-ed25519@openssh.com ${blob.toString('base64')} me\n`);
    expect(await choose(auto('short', { identities: [token] }))).toMatch(/^openssh: .*security token/);
  });
});
