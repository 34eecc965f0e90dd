import { directory, http, logrotate, portOf, release, service, systemdUnit, unit, user } from 'pdeploy';
import type { Flavour, Steps } from './flavour.ts';

/** Debian's caddy: a service that nobody here wrote, made to say which release answers. */
export const caddy: Flavour = {
  binary: 'caddy',
  run: ['run', '--config'],
  test: ['validate', '--config'],
  ports: ['port', 'admin_port'],
  environment: { XDG_DATA_HOME: unit`/var/lib/%p/%i`, XDG_CONFIG_HOME: unit`/var/lib/%p/%i` },
  config: (instance, vars) => {
    if (vars.tls !== undefined) throw new Error('tls: of the two flavours, edge has it alone');
    const release = { 'x-release': ['{env.PDEPLOY_RELEASE}'] };
    const { never_ready: neverReady = false, ...others } = vars.fault;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      throw new Error(`fault.${unknown}: of the faults of examples/edge, caddy has never_ready alone`);
    const ready = neverReady
      ? { handler: 'static_response', status_code: 503, headers: release, body: 'never ready\n' }
      : { handler: 'static_response', status_code: 200, headers: release, body: 'ready\n' };
    const answer =
      vars.upstream === undefined
        ? { handler: 'static_response', headers: release, body: 'hello\n' }
        : { handler: 'reverse_proxy', upstreams: [{ dial: vars.upstream }] };
    return {
      admin: { listen: `127.0.0.1:${portOf(instance, 'admin_port')}`, config: { persist: false } },
      apps: {
        http: {
          grace_period: `${vars.grace_seconds}s`,
          shutdown_delay: `${vars.drain_seconds}s`,
          servers: {
            main: {
              listen: [`:${portOf(instance, 'port')}`],
              automatic_https: { disable: true },
              routes: [{ match: [{ path: ['/readyz'] }], handle: [ready] }, { handle: [answer] }],
            },
          },
        },
      },
    };
  },
};

export const caddySteps: Steps = ({ vars, service: name, instances, paths }) => [
  user({ name: vars.user }),
  vars.log === 'file' && directory({ path: `/var/log/${name}`, group: vars.user, mode: '0750' }),

  release({
    binary: caddy.binary,
    from: vars.binary,
    files: instances.map((instance) => ({
      path: `config/${instance.name}.json`,
      content: `${JSON.stringify(caddy.config(instance, vars), null, 2)}\n`,
    })),
    test: [`{dir}/bin/${caddy.binary}`, ...caddy.test, `{dir}/config/${instances[0]?.name}.json`],
  }),

  systemdUnit({
    user: vars.user,
    exec: [unit`${paths.current}/bin/${caddy.binary}`, ...caddy.run, unit`${paths.current}/config/%i.json`],
    notify: true,
    log: vars.log,
    hardening: vars.hardening,
    environment: caddy.environment,
  }),

  vars.log === 'file' && logrotate({ files: [`/var/log/${name}/*.log`], user: vars.user }),

  service({
    health: (instance) => ({
      probes: [
        http({ port: portOf(instance, caddy.ports[0]), path: '/readyz', expect: { release: 'x-release' } }),
      ],
      listens: caddy.ports.map((port) => portOf(instance, port)),
    }),
    stopTimeout: `${vars.drain_seconds + vars.grace_seconds + 15}s`,
  }),
];
