import { portOf } from 'pdeploy';
import type { Flavour } from './flavour.ts';

/** The Pingora reference service of examples/edge: Pingora's own keys, and its own below `app`. */
export const edge: Flavour = {
  binary: 'edge',
  run: ['-c'],
  test: ['-t', '-c'],
  ports: ['admin_port', 'port', 'metrics_port'],
  environment: {},
  config: (instance, vars) => ({
    version: 1,
    threads: vars.workers,
    grace_period_seconds: vars.grace_seconds,
    graceful_shutdown_timeout_seconds: 1,
    upgrade_sock: `/run/${instance.service}/${instance.name}/upgrade.sock`,
    app: {
      listen: {
        http: `0.0.0.0:${portOf(instance, 'port')}`,
        ...(vars.tls === undefined
          ? {}
          : {
              https: {
                addr: `0.0.0.0:${portOf(instance, 'https_port')}`,
                cert: 'tls/site/cert.pem',
                key: 'tls/site/key.pem',
              },
            }),
      },
      admin: { addr: `127.0.0.1:${portOf(instance, 'admin_port')}` },
      metrics: { addr: `127.0.0.1:${portOf(instance, 'metrics_port')}` },
      ...(vars.upstream === undefined ? {} : { upstream: vars.upstream }),
      drain: { delay_seconds: vars.drain_seconds, file: `/run/${instance.service}/${instance.name}/drain` },
      fault: vars.fault,
    },
  }),
};
