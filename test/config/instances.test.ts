import { describe, expect, test } from 'vitest';
import { codesOf, hostOf, parse, valid } from './around.ts';

function instancesOf(text: string, host = 'h'): readonly string[] {
  return hostOf(valid(text), host).instances.map(({ unit, vars }) => {
    const own = [...vars].map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return [unit, ...own].join(' ');
  });
}

describe('instances', () => {
  test('are named by the service and keep the order of the file, numbers too', () => {
    const text =
      'hosts: { h: {} }\nservices: { s: { on: h, instances: { "2": { port: 2 }, "10": {}, 01: {}, blue: } } }';
    expect(instancesOf(text)).toEqual([
      's@2.service port=2',
      's@10.service',
      's@01.service',
      's@blue.service',
    ]);
  });

  test('one, named 1, when nobody names any', () => {
    expect(instancesOf('hosts: { h: {} }\nservices: { s: { on: h } }')).toEqual(['s@1.service']);
  });

  test('may be a list of names', () => {
    expect(instancesOf('hosts: { h: {} }\nservices: { s: { on: h, instances: [2, a] } }')).toEqual([
      's@2.service',
      's@a.service',
    ]);
  });

  const service = 'services: { s: { on: all, instances: { "1": { port: 1 }, "2": { port: 2 } } } }';

  test('a host chooses among them with a list', () => {
    expect(instancesOf(`hosts: { h: { instances: { s: ["2"] } } }\n${service}`)).toEqual([
      's@2.service port=2',
    ]);
    expect(instancesOf(`hosts: { h: { instances: { s: [] } }, i: {} }\n${service}`)).toEqual([]);
  });

  test('a host changes and adds with a mapping', () => {
    expect(
      instancesOf(`hosts: { h: { instances: { s: { "2": { port: 9 }, "3": { x: 1 } } } } }\n${service}`),
    ).toEqual(['s@1.service port=1', 's@2.service port=9', 's@3.service x=1']);
  });

  test('without `on` a service runs where hosts list it', () => {
    const text = 'hosts: { h: { instances: { s: [a] } }, i: {} }\nservices: { s: {} }';
    expect(instancesOf(text)).toEqual(['s@a.service']);
    expect(instancesOf(text, 'i')).toEqual([]);
  });

  test('several services share a host; each instance has its identity', () => {
    const inventory = valid('hosts: { h: {} }\nservices: { b: { on: h }, a: { on: h, instances: [x] } }');
    expect(inventory.services).toEqual(['b', 'a']);
    expect(hostOf(inventory, 'h').instances.map(({ id, host, name }) => [id, host, name])).toEqual([
      ['h@1', 'h', '1'],
      ['h@x', 'h', 'x'],
    ]);
  });
});

describe('ports', () => {
  const two = (first: string, second: string) =>
    `hosts: { h: {} }\nservices: { s: { on: h, instances: { "1": { ${first} }, "2": { ${second} } } } }`;

  test.each([
    ['port: 1', 'port: 2', []],
    ['port: 1', 'port: 1', ['PD2032']],
    ['port: 1, admin_port: 1', 'port: 2', ['PD2032']],
    ['port: 1', 'admin_port: 1', ['PD2032']],
    ['port: 70000', 'port: "80"', ['PD2033', 'PD2033']],
    ['port: 1.5', 'port: 2', ['PD2033']],
    ['report: 1', 'report: 1', []],
    ['threads: 4', 'threads: 4', []],
  ])('%s and %s', (first, second, codes) => {
    expect(codesOf(two(first, second))).toEqual(codes);
  });

  test('two services must not share a port of a host either', () => {
    const services = (port: number) =>
      `hosts: { h: {} }\nservices: { a: { on: h, instances: { "1": { port: 1 } } }, b: { on: h, instances: { "1": { port: ${port} } } } }`;
    expect(codesOf(services(2))).toEqual([]);
    expect(codesOf(services(1))).toEqual(['PD2032']);
  });

  test('a port that a group or service gives to all is one they connect to', () => {
    const text =
      'vars: { backend_port: 8443 }\nhosts: { h: {} }\nservices: { s: { on: h, instances: ["1", "2"] } }';
    expect(codesOf(text)).toEqual([]);
  });

  test('an instance that falls back to a shared port still must not meet another', () => {
    const text =
      'hosts: { h: {} }\nservices: { s: { on: h, vars: { port: 1 }, instances: { "1": { port: 1 }, "2": {} } } }';
    expect(codesOf(text)).toEqual(['PD2032']);
  });

  test('the command line cannot give all instances one port', () => {
    const result = parse(two('port: 1', 'port: 2'), { extraVars: new Map([['port', 5]]) });
    expect(result.ok ? [] : result.problems.map((problem) => problem.code)).toEqual(['PD2032']);
    const text = parse(two('port: 1', 'port: 2'), { extraVars: new Map([['port', 'x']]) });
    expect(text.ok ? [] : text.problems.map((problem) => problem.hint)).toContain('it was given with -e');
  });

  test('the same slip on many hosts of a service is told once', () => {
    const text =
      'groups: { g: { hosts: ["h[1:50]"] } }\nservices: { s: { on: g, instances: { "1": { port: 1 }, "2": { port: 1 } } } }';
    expect(codesOf(text)).toEqual(['PD2032']);
  });
});
