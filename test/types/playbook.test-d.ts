// Checked by tsc: every line below an @ts-expect-error must be one, and nothing else may be.
import {
  command,
  definePlaybook,
  defineResource,
  directory,
  file,
  http,
  logrotate,
  pingoraService,
  portOf,
  release,
  secret,
  service,
  systemdUnit,
  template,
  unit,
  user,
  z,
} from 'pdeploy';

const vars = z.object({
  workers: z.int().default(2),
  upstream: z.object({ host: z.string() }),
  mode: z.enum(['a', 'b']),
});

definePlaybook({
  name: 'types',
  service: 'edge',
  vars,
  strategy: { wave: [1, 5, '20%'], minHealthy: { domain: 'zone', amount: '80%' }, minHealthyTime: '10s' },
  steps: ({ vars, host, instances, paths, label }) => {
    const workers: number = vars.workers;
    const mode: 'a' | 'b' = vars.mode;
    // @ts-expect-error there is no such variable
    vars.worker;
    // @ts-expect-error nor such a field of one
    vars.upstream.port;
    // @ts-expect-error a number is not a text
    const text: string = vars.workers;
    // @ts-expect-error the context is read-only
    host.name = label;
    return [
      user({ name: 'edge' }),
      label === 'x' && directory({ path: '/srv' }),
      release({
        binary: 'edge',
        from: { url: 'https://example.org/edge', sha256: text },
        files: instances.map((i) => ({
          path: `config/${i.name}`,
          content: template('x', { workers, mode }),
        })),
      }),
      systemdUnit({
        user: 'edge',
        exec: [
          unit`${paths.current}/bin/edge`,
          String(portOf(instances[0] as (typeof instances)[number], 'port')),
        ],
      }),
      service({
        health: (instance) => ({ probes: [http({ port: portOf(instance, 'port') })], interval: '1s' }),
        stopTimeout: `${workers}s`,
      }),
    ];
  },
});

definePlaybook({
  name: 'types',
  service: 'edge',
  vars: z.object({ password: secret.variable() }),
  secrets: { key: secret('edge.key'), token: secret.vault('secret/edge', 'token') },
  steps: ({ secrets, vars }) => [
    file({ path: '/a', content: secrets.key }),
    file({ path: '/b', content: vars.password }),
    // @ts-expect-error there is no such secret
    file({ path: '/c', content: secrets.kez }),
    // @ts-expect-error a secret is not a text
    directory({ path: secrets.token }),
  ],
});

definePlaybook({
  name: 'types',
  service: 'edge',
  // @ts-expect-error without secrets there are none
  steps: ({ secrets }) => [file({ path: '/a', content: secrets.key })],
});

// @ts-expect-error a text is not where a secret comes from
definePlaybook({ name: 'types', service: 'edge', secrets: { key: 'edge.key' }, steps: () => [] });

// Without vars there are none.
// @ts-expect-error there is no such variable
definePlaybook({ name: 'types', service: 'edge', steps: ({ vars }) => [user({ name: vars.name })] });

// @ts-expect-error steps must return steps
definePlaybook({ name: 'types', service: 'edge', steps: () => [{ path: '/srv' }] });

// @ts-expect-error steps must not be async
definePlaybook({ name: 'types', service: 'edge', steps: async () => [] });

// @ts-expect-error a wave is a number, a share or a list of these
definePlaybook({ name: 'types', service: 'edge', strategy: { wave: '25' }, steps: () => [] });

// @ts-expect-error a duration has a unit
definePlaybook({ name: 'types', service: 'edge', strategy: { minHealthyTime: '10' }, steps: () => [] });

// @ts-expect-error there is no such hook
definePlaybook({ name: 'types', service: 'edge', hooks: { afterwave: ['x'] }, steps: () => [] });

// @ts-expect-error either revert or irreversible must be there
command({ name: 'x', argv: ['a'], unless: ['b'] });

// @ts-expect-error but not both
command({ name: 'x', argv: ['a'], unless: ['b'], revert: ['c'], irreversible: 'no' });

command({ name: 'x', argv: ['a'], unless: ['b'], revert: ['c'] });
command({ name: 'x', argv: ['a'], unless: ['b'], irreversible: 'it sends a mail' });

systemdUnit({
  user: 'edge',
  exec: ['/bin/edge'],
  unit: { After: ['redis.service'], 'X-Owner': 'web' },
  service: {
    LimitNOFILE: 65_536,
    MemoryMax: '512M',
    Restart: 'always',
    RestartSec: '5s',
    PrivateTmp: null,
    ExecReload: ['/bin/kill', '-HUP'],
  },
});

// @ts-expect-error there is no such key
systemdUnit({ user: 'edge', exec: ['/bin/edge'], service: { LimitNOFILES: 5 } });

// @ts-expect-error the key is of another section
systemdUnit({ user: 'edge', exec: ['/bin/edge'], service: { After: 'a.service' } });

// @ts-expect-error the value is of another type
systemdUnit({ user: 'edge', exec: ['/bin/edge'], service: { PrivateTmp: 'yes' } });

// @ts-expect-error there is no such value
systemdUnit({ user: 'edge', exec: ['/bin/edge'], service: { Restart: 'sometimes' } });

// @ts-expect-error set by an option of its own
systemdUnit({ user: 'edge', exec: ['/bin/edge'], service: { User: 'root' } });

// @ts-expect-error an exec line is a list, not a shell command
systemdUnit({ user: 'edge', exec: '/bin/edge -c x' });

// @ts-expect-error set D needs its networks
systemdUnit({ user: 'edge', exec: ['/bin/edge'], hardening: 'D' });

systemdUnit({ user: 'edge', exec: ['/bin/edge'], hardening: 'D', networks: ['10.0.0.0/8'] });

// @ts-expect-error a URL needs its digest
release({ binary: 'edge', from: { url: 'https://example.org/edge' } });
// @ts-expect-error a requirement names its key
release({ binary: 'edge', from: './edge', require: { minisign: {} } });

// @ts-expect-error rotation needs files, or to be left to the journal
logrotate({ user: 'edge' });

logrotate({ to: 'journald' });

// @ts-expect-error a port is a number
http({ port: '80' });

const zone = defineResource({
  kind: 'zone',
  schema: z.strictObject({ zone: z.string(), dst: z.boolean().default(true) }),
  phase: 'prepare',
  describe: (d) => d.zone,
  queries: (d, id) => [{ kind: 'path', id: `${id}/${d.dst}`, path: '/etc/timezone', text: true }],
  // @ts-expect-error there is no such field
  diff: (d) => [{ field: 'zone', from: '', to: d.zones }],
  ops: () => [],
});

zone('utc', { zone: 'Etc/UTC' });
// @ts-expect-error the schema wants a text
zone('utc', { zone: 5 });

const pingora = {
  binary: 'edge',
  from: './edge',
  user: 'edge',
  listen: () => ['0.0.0.0:8080'],
  health: () => ({ probes: [http({ port: 8080, path: '/' })] }),
};
definePlaybook({
  name: 'types',
  service: 'edge',
  steps: () => [...pingoraService({ ...pingora, conf: { threads: 2, ca_file: null }, grace: '5s' }), false],
});
// @ts-expect-error Pingora has no such key
pingoraService({ ...pingora, conf: { thread: 2 } });
// @ts-expect-error a key that pdeploy sets itself
pingoraService({ ...pingora, conf: { daemon: true } });
// @ts-expect-error of another type
pingoraService({ ...pingora, conf: { threads: '2' } });
// @ts-expect-error a time needs a unit
pingoraService({ ...pingora, grace: 5 });
// @ts-expect-error nobody knows what it listens on
pingoraService({ binary: 'edge', from: './edge', user: 'edge', health: pingora.health });
