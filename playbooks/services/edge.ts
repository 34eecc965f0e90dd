import { certificate, http, type Instance, pingoraService, portOf } from 'pdeploy';
import type { Flavour, FlavourVars, Steps } from './flavour.ts';

/** Variables of an instance with its ports; the first one answers /readyz. */
const PORTS = ['admin_port', 'port', 'metrics_port'] as const;

/** The Pingora reference service of examples/edge. */
export const edgeSteps: Steps = ({ vars, paths }) => [
  vars.tls !== undefined &&
    certificate({
      name: 'site',
      servers: vars.tls.servers,
      from: { cert: vars.tls.cert, key: vars.tls.key },
      trust: vars.tls.trust,
      profile: vars.tls.profile,
      ports: (instance) => portOf(instance, 'https_port'),
    }),

  ...pingoraService({
    binary: 'edge',
    from: vars.binary,
    user: vars.user,
    version: '0.9.1',
    conf: { threads: vars.workers },
    app: (instance) => appOf(instance, vars),
    listen: (instance) => Object.values(addresses(instance, vars)).filter((address) => address !== undefined),
    grace: `${vars.grace_seconds}s`,
    shutdownTimeout: '1s',
    drainDelay: `${vars.drain_seconds}s`,
    health: (instance) => ({
      probes: [http({ port: portOf(instance, PORTS[0]), path: '/readyz', expect: { release: 'x-release' } })],
    }),
    log: vars.log,
    hardening: vars.hardening,
    activation: vars.activation,
    // Where tls/site/cert.pem is that of the release, on trial or not.
    ...(vars.tls === undefined
      ? {}
      : { tls: vars.tls.profile, service: { WorkingDirectory: paths.current } }),
  }),
];

/** What edge reads itself, below `app`. */
function appOf(instance: Instance, vars: FlavourVars): object {
  const { admin, http, https, metrics } = addresses(instance, vars);
  return {
    listen: {
      http,
      https:
        https === undefined ? undefined : { addr: https, cert: 'tls/site/cert.pem', key: 'tls/site/key.pem' },
    },
    admin: { addr: admin },
    metrics: { addr: metrics },
    upstream: vars.upstream,
    drain: { delay_seconds: vars.drain_seconds, file: `/run/${instance.service}/${instance.name}/drain` },
    fault: vars.fault,
  };
}

function addresses(instance: Instance, vars: FlavourVars) {
  return {
    admin: `127.0.0.1:${portOf(instance, 'admin_port')}`,
    http: `0.0.0.0:${portOf(instance, 'port')}`,
    metrics: `127.0.0.1:${portOf(instance, 'metrics_port')}`,
    https: vars.tls === undefined ? undefined : `0.0.0.0:${portOf(instance, 'https_port')}`,
  };
}

/** The same by hand, for playbooks that put their steps together themselves. */
export const edge: Flavour = {
  binary: 'edge',
  run: ['-c'],
  test: ['-t', '-c'],
  ports: PORTS,
  environment: {},
  config: (instance, vars) => ({
    version: 1,
    threads: vars.workers,
    grace_period_seconds: vars.grace_seconds,
    graceful_shutdown_timeout_seconds: 1,
    upgrade_sock: `/run/${instance.service}/${instance.name}/upgrade.sock`,
    app: appOf(instance, vars),
  }),
};
