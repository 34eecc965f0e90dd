import type { Host, Instance } from '../../src/model/host.ts';
import { instanceId, unitName } from '../../src/model/host.ts';
import type { Json } from '../../src/model/json.ts';

type Sample = {
  readonly name?: string;
  readonly service?: string;
  readonly vars?: { readonly [name: string]: Json };
  readonly instances?: { readonly [name: string]: { readonly [name: string]: Json } };
};

const PORTS = { port: 6188, admin_port: 6190, metrics_port: 6192 };

/** A host with one instance, or those given. */
export function aHost(sample: Sample = {}): Host {
  const { name = 'edge-01', service = 'edge', vars = {}, instances = { '1': PORTS } } = sample;
  return {
    name,
    connection: {
      address: '198.18.0.1',
      port: 22,
      user: 'deploy',
      identities: [],
      knownHosts: [],
      hostKeys: [],
      jump: [],
      transport: 'auto',
    },
    groups: ['all'],
    vars: new Map(Object.entries(vars)),
    instances: Object.entries(instances).map(
      ([instance, own]): Instance => ({
        id: instanceId(name, instance),
        host: name,
        service,
        name: instance,
        unit: unitName(service, instance),
        vars: new Map(Object.entries({ ...vars, ...own })),
      }),
    ),
  };
}
