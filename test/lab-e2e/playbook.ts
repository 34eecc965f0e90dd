import { fileURLToPath } from 'node:url';

const SHIPPED = fileURLToPath(new URL('../../playbooks', import.meta.url));

/** Source text that goes into a playbook of the test's own. */
export type PlaybookParts = {
  /** Further imports. */
  readonly imports?: string;
  /** Further steps, each ending in a comma. */
  readonly steps?: string;
  /** Further options of systemdUnit. */
  readonly unit?: string;
  /** Further options of release. */
  readonly release?: string;
  /** Further options of service. */
  readonly service?: string;
  /** Further options of its health, with `i` for the instance. */
  readonly health?: string;
  /** Further files of the release. */
  readonly files?: string;
};

/** A playbook of the reference service like the shipped one, with changes in some places. */
export function ownPlaybook(parts: PlaybookParts): string {
  return `import { certificate, definePlaybook, haproxy, http, portOf, release, service, sysctl, systemdUnit, unit, user, z } from 'pdeploy';
import { caddy } from '${SHIPPED}/services/caddy.ts';
import { edge } from '${SHIPPED}/services/edge.ts';
${parts.imports ?? ''}

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({
    binary: z.string(),
    flavour: z.enum(['edge', 'caddy']),
    hardening: z.enum(['A', 'B']).default('A'),
    workers: z.int().default(2),
    grace_seconds: z.int().default(0),
    words: z.string().default(''),
    upstream: z.string().optional(),
    /** As in the shipped playbook. */
    tls: z.any().optional(),
    fault: z.record(z.string(), z.json()).default({}),
  }),
  steps: ({ vars, instances, paths }) => {
    const flavour = { edge, caddy }[vars.flavour];
    const own = { ...vars, drain_seconds: 0 };
    return [
      user({ name: 'edge' }),
      vars.tls !== undefined && certificate({
        name: 'site',
        servers: vars.tls.servers,
        from: { cert: vars.tls.cert, key: vars.tls.key },
        trust: vars.tls.trust,
        ports: (i) => portOf(i, 'https_port'),
      }),
      ${parts.steps ?? ''}
      release({
        binary: flavour.binary,
        from: vars.binary,
        ${parts.release ?? ''}
        files: [
          ...instances.map((i) => ({ path: \`config/\${i.name}.json\`, content: JSON.stringify(flavour.config(i, own)) })),
          ${parts.files ?? ''}
        ],
      }),
      systemdUnit({
        user: 'edge',
        notify: true,
        hardening: vars.hardening,
        exec: [unit\`\${paths.current}/bin/\${flavour.binary}\`, ...flavour.run, unit\`\${paths.current}/config/%i.json\`],
        environment: flavour.environment,
        ...(vars.tls === undefined ? {} : { service: { WorkingDirectory: paths.current } }),
        ${parts.unit ?? ''}
      }),
      service({
        ${parts.service ?? ''}
        health: (i) => ({
          probes: [http({ port: portOf(i, flavour.ports[0]), path: '/readyz', expect: { release: 'x-release' } })],
          listens: flavour.ports.map((name) => portOf(i, name)),
          ${parts.health ?? ''}
        }),
      }),
    ];
  },
});
`;
}

/** The shipped playbook with another strategy or hooks. */
export function extendedPlaybook(over: { readonly strategy?: object; readonly hooks?: object }): string {
  return `import { extendPlaybook } from 'pdeploy';
import rollout from '${SHIPPED}/rollout.ts';

export default extendPlaybook(rollout, { name: 'rollout', ...${JSON.stringify(over)} });
`;
}
