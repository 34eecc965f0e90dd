import { describe, expect, test } from 'vitest';
import { codesOf, hostOf, valid } from './around.ts';

const PIN = 'SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg';

describe('connection', () => {
  test('without settings: the name, 22 and the operator, all left to ssh_config', () => {
    expect(hostOf(valid('hosts: { h: {} }'), 'h').connection).toEqual({
      address: 'h',
      port: 22,
      user: 'ops',
      identities: [],
      knownHosts: [],
      hostKeys: [],
      jump: [],
      transport: 'auto',
      unset: ['address', 'port', 'user'],
    });
  });

  test('everything can be said, and then nothing is left open', () => {
    const text = `
hosts:
  b: {}
  h:
    address: "[2001:db8::7]"
    port: 2222
    user: deploy
    identity: [~/.ssh/id, keys/id, /etc/id]
    known_hosts: known
    host_key: ${PIN}
    jump: b
    transport: openssh
`;
    const { jump, ...connection } = hostOf(valid(text), 'h').connection;
    expect(connection).toEqual({
      address: '2001:db8::7',
      port: 2222,
      user: 'deploy',
      identities: ['/home/ops/.ssh/id', '/project/inventories/keys/id', '/etc/id'],
      knownHosts: ['/project/inventories/known'],
      hostKeys: [PIN],
      transport: 'openssh',
    });
    expect(jump.map((hop) => hop.name)).toEqual(['b']);
  });

  test.each([
    ['defaults: { port: 1 }\nhosts: { h: {} }', 1],
    ['defaults: { port: 1 }\ngroups: { g: { port: 2, hosts: [h] } }', 2],
    ['groups: { p: { port: 2, children: [c] }, c: { port: 3, hosts: [h] } }', 3],
    ['groups: { c: { port: 3, hosts: [h] }, p: { port: 2, children: [c] } }', 3],
    ['groups: { a: { port: 2, hosts: [h] }, b: { port: 3, hosts: [h] } }', 3],
    ['defaults: { port: 1 }\ngroups: { g: { port: 2, hosts: [h] } }\nhosts: { h: { port: 4 } }', 4],
  ])('the nearest level wins: %j', (text, port) => {
    expect(hostOf(valid(text), 'h').connection.port).toBe(port);
  });

  test('a range of addresses runs in step with the range of names', () => {
    const inventory = valid('hosts: { "edge-[02:04]": { address: "198.51.100.[12:14]", zone: b } }');
    const addresses = [...inventory.hosts.values()].map((host) => [
      host.name,
      host.connection.address,
      host.zone,
    ]);
    expect(addresses).toEqual([
      ['edge-02', '198.51.100.12', 'b'],
      ['edge-03', '198.51.100.13', 'b'],
      ['edge-04', '198.51.100.14', 'b'],
    ]);
  });
});

describe('jump hosts', () => {
  const hops = (text: string, name: string) =>
    hostOf(valid(text), name).connection.jump.map((hop) => hop.name);

  test('a hop brings the hops it needs itself, and its own pin', () => {
    const text = `
hosts:
  outer: { address: 198.51.100.1, port: 2222, host_key: ${PIN} }
  inner: { jump: outer }
  h: { jump: inner }
`;
    expect(hops(text, 'h')).toEqual(['outer', 'inner']);
    expect(hostOf(valid(text), 'h').connection.jump[0]).toEqual({
      name: 'outer',
      address: '198.51.100.1',
      port: 2222,
      user: 'ops',
      identities: [],
      knownHosts: [],
      hostKeys: [PIN],
      unset: ['user'],
    });
  });

  test('a list is passed in its order; what is already on the way is not passed twice', () => {
    expect(hops('hosts: { a: {}, b: {}, h: { jump: [b, a] } }', 'h')).toEqual(['b', 'a']);
    expect(hops('hosts: { a: {}, b: { jump: a }, h: { jump: [a, b] } }', 'h')).toEqual(['a', 'b']);
  });

  test('a bastion does not jump through itself when it inherits the list', () => {
    const text = 'defaults: { jump: [outer, inner] }\nhosts: { outer: {}, inner: {}, h: {} }';
    expect([hops(text, 'outer'), hops(text, 'inner'), hops(text, 'h')]).toEqual([
      [],
      ['outer'],
      ['outer', 'inner'],
    ]);
  });

  test('an empty list takes an inherited one away', () => {
    expect(hops('defaults: { jump: b }\nhosts: { b: {}, h: { jump: [] } }', 'h')).toEqual([]);
  });

  test('eight hops are the limit', () => {
    const chain = (length: number) =>
      `hosts:\n  h0: {}\n${Array.from({ length }, (_, i) => `  h${i + 1}: { jump: h${i} }\n`).join('')}`;
    expect(hops(chain(8), 'h8')).toHaveLength(8);
    expect(codesOf(chain(9))).toEqual(['PD2027']);
    expect(codesOf(chain(5_000))).toEqual(['PD2027']);
  });
});

describe('host identity', () => {
  test('the same private address behind different jump hosts is a different machine', () => {
    const hosts = (jump: string) =>
      `hosts: { a: {}, b: {}, x: { address: 10.0.0.5, jump: a }, y: { address: 10.0.0.5${jump} } }`;
    expect(codesOf(hosts(', jump: b'))).toEqual([]);
    expect(codesOf(hosts(', jump: a'))).toEqual(['PD2031']);
    expect(codesOf(hosts(''))).toEqual(['PD2031']);
  });

  test('another port is another machine, another spelling is not', () => {
    expect(
      codesOf('hosts: { a: { address: x.example.com, port: 1 }, b: { address: x.example.com, port: 2 } }'),
    ).toEqual([]);
    expect(codesOf('hosts: { a: { address: x.example.com }, X.example.com: {} }')).toEqual(['PD2031']);
  });
});
