import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import type { Made } from '../../../src/execute/made.ts';
import type { HostTarget } from '../../../src/execute/target.ts';
import { throughsOf, withThroughs } from '../../../src/execute/through/fronts.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import type { Host } from '../../../src/model/host.ts';
import type { Inventory } from '../../../src/model/inventory.ts';
import type { ServiceStep } from '../../../src/model/playbook.ts';
import type { Through } from '../../../src/model/through.ts';
import { assemble } from '../../../src/plan/assemble.ts';
import { compiled, host, OLD, observation, planHost, planInput, running } from '../../plan/build.ts';

const check = (through?: Through): HealthCheck => ({
  probes: [{ kind: 'systemd' }],
  listens: [],
  intervalMs: 500,
  minHealthyMs: 0,
  healthyDeadlineMs: 10_000,
  ...(through === undefined ? {} : { through }),
});

const ask = (change: Partial<Through> = {}): Through => ({
  url: 'http://shop.example:8000/version?token=x',
  balancers: ['lb'],
  headers: {},
  instance: { in: 'x-server', is: 'edge-01-1' },
  release: 'x-release',
  status: [200],
  times: 3,
  withinMs: 20_000,
  timeoutMs: 1_000,
  ...change,
});

function judges(...throughs: readonly (Through | undefined)[]) {
  return new Map(
    throughs.map((through, n) => {
      const service = { health: new Map([['1', check(through)]]) } as unknown as ServiceStep;
      return [`edge-0${n + 1}`, { binary: 'edge', service }] as const;
    }),
  );
}

function at(name: string, address: string): Host {
  const made = host(name, { instances: [] });
  return { ...made, connection: { ...made.connection, address } };
}

const inventory: Inventory = {
  name: 'prod',
  file: 'inventories/prod.yaml',
  hosts: new Map([at('lb-1', '127.0.0.1'), at('lb-2', '::1')].map((h) => [h.name, h])),
  groups: new Map([['lb', ['lb-1', 'lb-2']]]),
  services: ['edge'],
};

const fronts = (through: Through) => throughsOf(inventory, judges(through)).get('edge-01')?.get('1')?.fronts;

describe('who is asked', () => {
  test('each host of a group, by its address', () => {
    expect(fronts(ask({ balancers: ['lb', 'lb-1'] }))).toEqual([
      { name: 'lb-1', address: '127.0.0.1', port: 8000 },
      { name: 'lb-2', address: '::1', port: 8000 },
    ]);
  });

  test.each([
    ['https://shop.example/', { name: 'shop.example', address: 'shop.example', port: 443 }],
    ['http://[2001:db8::1]/', { name: '[2001:db8::1]', address: '2001:db8::1', port: 80 }],
  ])('what the name in %s leads to, when no balancer is named', (url, front) => {
    expect(fronts(ask({ url, balancers: [] }))).toEqual([front]);
  });

  test('a name that the inventory does not have', () => {
    expect(() => fronts(ask({ balancers: ['nobody'] }))).toThrow(
      'health.through: nobody is neither a host nor a group with hosts in inventories/prod.yaml',
    );
  });

  test('two instances that could not be told apart', () => {
    const wrong = (): unknown => throughsOf(inventory, judges(ask(), ask()));
    expect(wrong).toThrow(UsageError);
    expect(wrong).toThrow('edge-01@1 and edge-02@1 could not be told apart, both are edge-01-1 in x-server');
  });
});

function made(broken = false): Made {
  const one = running(OLD, broken ? { activeState: 'failed', mainPid: 0, running: '' } : {});
  const plan = assemble(planInput([planHost(host('edge-01'), observation([one]), compiled())]));
  const target = { health: new Map([['1', check(ask())]]) } as unknown as HostTarget;
  return { plan, targets: new Map([['edge-01', target]]), problems: [] } as unknown as Made;
}

async function listening(): Promise<number> {
  const server = createServer((_, res) => res.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const throughs = (port: number) =>
  throughsOf(
    inventory,
    judges(ask({ url: `http://shop.example:${port}/version?token=x`, balancers: ['lb-1'] })),
  );

describe('before anything is touched', () => {
  test('a balancer that answers, with whatever, is none of the problems', async () => {
    const seen = await withThroughs(made(), throughs(await listening()));
    expect(seen.problems).toEqual([]);
    expect(seen.plan.through).toEqual({ by: 'lb-1', withinMs: 20_000 });
    expect(seen.targets.get('edge-01')?.throughs?.get('1')?.fronts).toHaveLength(1);
  });

  test('one that cannot be asked from here is PD3062, and the query stays out of it', async () => {
    const { problems } = await withThroughs(made(), throughs(1));
    expect(problems).toEqual([
      {
        host: 'lb-1',
        code: 'PD3062',
        message:
          'lb-1 does not answer http://shop.example:1/version when asked from here: connection refused',
      },
    ]);
  });

  test('where nothing serves yet nothing has to answer', async () => {
    expect((await withThroughs(made(true), throughs(1))).problems).toEqual([]);
  });

  test('a release whose own health check asks for nothing is not asked', async () => {
    const plain = made();
    const target = { health: new Map([['1', check()]]) } as unknown as HostTarget;
    const seen = await withThroughs({ ...plain, targets: new Map([['edge-01', target]]) }, throughs(1));
    expect(seen.plan.through).toBeUndefined();
    expect(seen.problems).toEqual([]);
  });
});
