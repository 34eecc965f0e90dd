import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handshake } from '../../src/certs/handshake.ts';
import { fingerprintOf, readPem } from '../../src/certs/pem.ts';
import { makeAuthority } from '../certs/authority.ts';
import { type Pebble, startPebble } from '../certs/pebble.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

/** The reference service with a certificate of files, or of a CA whose challenges it passes on to this machine. */
const PLAYBOOK = `import { certificate, definePlaybook, portOf, readinessFile, release, service, systemdUnit, tcp, unit, user, z } from 'pdeploy';
import { edge } from '${fileURLToPath(new URL('../../playbooks/services/edge.ts', import.meta.url))}';

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ binary: z.string(), listen: z.string(), directory: z.string().optional() }),
  steps: ({ vars, instances, paths }) => [
    user({ name: 'edge' }),
    certificate({
      name: 'site',
      servers: ['shop.test'],
      trust: 'none',
      settle: '0s',
      ports: (i) => portOf(i, 'https_port'),
      from: vars.directory === undefined
        ? { cert: 'site.pem', key: 'site.pem' }
        : { acme: { directory: vars.directory, challenge: { http: { listen: vars.listen, through: (i) => portOf(i, 'port') } } } },
    }),
    release({
      binary: 'edge',
      from: vars.binary,
      files: instances.map((i) => ({
        path: \`config/\${i.name}.json\`,
        content: JSON.stringify(
          edge.config(i, { workers: 2, drain_seconds: 0, grace_seconds: 0, fault: {}, tls: {}, upstream: vars.listen }),
        ),
      })),
      test: ['{dir}/bin/edge', '-t', '-c', '{dir}/config/1.json'],
    }),
    systemdUnit({
      user: 'edge',
      notify: true,
      exec: [unit\`\${paths.current}/bin/edge\`, '-c', unit\`\${paths.current}/config/%i.json\`],
      service: { WorkingDirectory: paths.current },
    }),
    service({
      drain: [readinessFile({ path: (i) => \`/run/edge/\${i.name}/drain\`, wait: '200ms' })],
      health: (i) => ({ probes: [tcp({ port: portOf(i, 'port') })] }),
    }),
  ],
});
`;

let fleet: Fleet;
let pebble: Pebble;
let dir = '';
const authority = makeAuthority();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-pebble-'));
  process.env.NODE_EXTRA_CA_CERTS = join(dir, 'pebble.pem');
  fleet = await openFleet({ hosts: 2 });
  pebble = await startPebble({ dir, address: fleet.hosts[1]?.address ?? '', httpPort: 6188 });
  const { cert, key } = authority.issue(['shop.test']);
  fleet.write('site.pem', cert + key);
  fleet.write('playbooks/rollout.ts', PLAYBOOK);
  vars({});
});
afterAll(async () => {
  await pebble.stop();
  await fleet.end();
  delete process.env.NODE_EXTRA_CA_CERTS;
  rmSync(dir, { recursive: true, force: true });
});

/** Variables of the whole inventory; this machine is the first address of the lab's network. */
function vars(more: { readonly [name: string]: string }): void {
  const file = join(fleet.dir, 'inventories/lab.yaml');
  const inventory = JSON.parse(readFileSync(file, 'utf8')) as { vars: object };
  const listen = `${(fleet.hosts[0]?.address ?? '').replace(/\d+$/, '1')}:18402`;
  fleet.write(
    'inventories/lab.yaml',
    JSON.stringify({ ...inventory, vars: { ...inventory.vars, listen, ...more } }),
  );
}

const served = (): Promise<readonly string[]> =>
  Promise.all(
    fleet.hosts.map(async ({ address }) => {
      const shown = await handshake({ address, port: 6194, server: 'shop.test', timeoutMs: 5_000 });
      return shown.ok ? shown.fingerprint : shown.error;
    }),
  );

// Caddy has a CA of its own.
test.runIf(hasFaults())(
  'a CA issues through the proxies of the fleet, and the fleet gets what it issued',
  async () => {
    await fleet.install('v1');
    const examined = await fleet.pdeploy('doctor', '-i', 'lab');
    expect(examined.text.match(/ok +TLS :6194 +intermediate: 5 of 5 handshakes/g)).toHaveLength(2);

    vars({ directory: pebble.directory });
    const waiting = await fleet.pdeploy('certs', 'status', '-i', 'lab');
    expect(waiting.code).toBe(7);
    expect(waiting.stderr).toContain('certificate site has not been issued here yet');
    const issued = await fleet.pdeploy('certs', 'issue', '-i', 'lab');
    expect(issued.code, issued.text).toBe(0);

    const rotated = await fleet.pdeploy(
      'certs',
      'rotate',
      '-i',
      'lab',
      '--yes',
      '--min-healthy-time',
      '500ms',
    );
    expect(rotated.code, rotated.text).toBe(0);
    const kept = readPem(readFileSync(join(fleet.dir, '.pdeploy/certs/site/current.pem'), 'utf8')).chain[0];
    if (kept === undefined) throw new Error('no certificate was kept');
    expect(await served()).toEqual([fingerprintOf(kept), fingerprintOf(kept)]);
    expect((await fleet.pdeploy('certs', 'status', '-i', 'lab')).code).toBe(0);
    const drained = (await fleet.events()).filter((event) => event.type === 'drain.finished');
    expect(drained).toHaveLength(2);

    // The second run of both finds nothing to do.
    expect((await fleet.pdeploy('certs', 'issue', '-i', 'lab')).stdout).toContain('nothing to do');
    const again = await fleet.pdeploy('certs', 'rotate', '-i', 'lab', '--yes');
    expect([again.code, again.text]).toEqual([0, expect.stringContaining('Nothing has been changed.')]);
  },
);
