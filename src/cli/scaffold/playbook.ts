/** The playbook of one service: user, release, unit, health. */
export function playbookFile(service: string): string {
  return `import { definePlaybook, http, portOf, release, service, systemdUnit, template, unit, user, z } from 'pdeploy';

// What \`pdeploy plan\` and \`pdeploy rollout\` bring about on each host. Everything here is data: nothing is run while
// the file is read. Types are checked by \`npm run check\`, and by your editor while you type.
export default definePlaybook({
  name: 'rollout',
  service: '${service}',

  // Variables from inventories/*.yaml.
  vars: z.object({
    binary: z.string(),
    workers: z.int().min(1).default(2),
  }),

  // One instance at a time, each healthy for 10 seconds before the next. Flags win: --wave 25%
  strategy: { wave: 1, canary: 1, minHealthyTime: '10s', healthyDeadline: '2m' },

  steps: ({ vars, instances, paths }) => [
    user({ name: '${userName(service)}' }),

    // Binary and configuration are one immutable release: both roll back together.
    release({
      binary: '${service}',
      from: vars.binary,
      files: instances.map((instance) => ({
        path: \`config/\${instance.name}.yaml\`,
        content: template('config.yaml', { port: portOf(instance, 'port'), workers: vars.workers }),
      })),
    }),

    // One unit for all instances; systemd puts the name of the instance for %i.
    systemdUnit({
      user: '${userName(service)}',
      exec: [unit\`\${paths.current}/bin/${service}\`, '--config', unit\`\${paths.current}/config/%i.yaml\`],
      hardening: 'A',
    }),

    // What an instance must answer before the next one is touched. If yours can name its release (it finds it in the
    // environment as PDEPLOY_RELEASE), add to the probe: expect: { release: 'x-release' }
    service({
      health: (instance) => ({
        probes: [http({ port: portOf(instance, 'port'), path: '/healthz' })],
        listens: [portOf(instance, 'port')],
      }),
      stopTimeout: '30s',
    }),
  ],
});
`;
}

/** The configuration that the playbook fills in for each instance. */
export function templateFile(service: string): string {
  return `# Configuration of ${service}. The playbook puts values where it says so; see template() in docs/resources.md.
listen: "0.0.0.0:{{ port }}"
workers: {{ workers }}
`;
}

/** A user name has at most 31 characters, a service 32. */
function userName(service: string): string {
  return service.slice(0, 31);
}
