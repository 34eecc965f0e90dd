import { definePlaybook, z } from 'pdeploy';
import { caddySteps } from './services/caddy.ts';
import { edgeSteps } from './services/edge.ts';

/**
 * Rolls a network service out: one binary, one configuration file for each instance, one systemd unit for all.
 * It is the playbook of `pdeploy rollout` unless your project has a playbooks/rollout.ts of its own; `pdeploy init`
 * writes one to start from. The inventory sets the variables, and for each instance the ports.
 */
export default definePlaybook({
  name: 'rollout',
  service: 'edge',

  vars: z.object({
    /** The binary to deploy: a path, relative to the project, or an https URL with its digest. */
    binary: z.union([z.string(), z.strictObject({ url: z.string(), sha256: z.string() })]),
    /** What the binary is: `edge`, the Pingora reference service, or `caddy`. */
    flavour: z.enum(['edge', 'caddy']).default('edge'),
    user: z.string().default('edge'),
    workers: z.int().min(1).default(2),
    /** HOST:PORT that requests go to; without it the service answers by itself. */
    upstream: z.string().optional(),
    /** Seconds of 503 on /readyz before a stop closes the ports, so that load balancers look away. */
    drain_seconds: z.int().min(0).max(600).default(0),
    /** Seconds that requests in flight get after that. */
    grace_seconds: z.int().min(0).max(600).default(1),
    log: z.enum(['journal', 'file']).default('journal'),
    hardening: z.enum(['A', 'B', 'none']).default('A'),
    /** `handover` or `auto`: a new process takes the sockets of the old one over, see docs/handover.md. `edge` only. */
    activation: z.enum(['restart', 'handover', 'auto']).default('restart'),
    /** A certificate that the edge service serves on the instance's `https_port`; see docs/certificates.md. */
    tls: z
      .strictObject({
        servers: z.array(z.string()),
        cert: z.string(),
        key: z.string(),
        trust: z.union([z.enum(['system', 'none']), z.strictObject({ file: z.string() })]).default('system'),
        /** `modern` is refused: rustls, which the edge service is built on, does `intermediate` and nothing else. */
        profile: z.enum(['intermediate', 'modern']).default('intermediate'),
      })
      .optional(),
    /** Faults to rehearse a bad release, see examples/edge. */
    fault: z.record(z.string(), z.json()).default({}),
  }),

  strategy: { wave: 1, minHealthyTime: '10s', healthyDeadline: '2m' },

  steps: (context) => (context.vars.flavour === 'edge' ? edgeSteps(context) : caddySteps(context)),
});
