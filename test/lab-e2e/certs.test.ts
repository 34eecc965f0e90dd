import { afterAll, beforeAll, expect, test } from 'vitest';
import { NAMES, openCertsFleet, print } from './certs-fleet.ts';
import type { Fleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

let fleet: Fleet;
let certs: Awaited<ReturnType<typeof openCertsFleet>>;
beforeAll(async () => {
  certs = await openCertsFleet();
  ({ fleet } = certs);
});
afterAll(() => fleet.end());

// Caddy is not given a certificate by the shipped playbook.
test.runIf(hasFaults())('a certificate is part of the release', async () => {
  const { authority, bring, status } = certs;
  const first = authority.issue(NAMES);
  bring(first);
  await fleet.install('v1', '-e', '@tls.yaml');
  const good = await status();
  expect(good.code, good.text).toBe(0);
  expect(good.rows).toHaveLength(3 * 2 * NAMES.length);
  for (const row of good.rows)
    expect(row).toMatchObject({ level: 'good', served: print(first), file: print(first) });

  // What is waiting is told, and the metrics are those of what is served.
  bring(authority.issue(NAMES));
  const waiting = await status();
  expect(waiting.code).toBe(7);
  const metrics = await fleet.pdeploy('certs', 'status', '-i', 'lab', '-e', '@tls.yaml', '-o', 'prometheus');
  expect(metrics.stdout.match(/^pdeploy_cert_good\{.*\} 1$/gm)).toHaveLength(12);
  // One that is not good is refused before anything is touched.
  const pids = await fleet.mainPids();
  bring(authority.issue(['shop.test']));
  const refused = await fleet.rollout('v2', '-e', '@tls.yaml');
  expect(refused.code, refused.text).toBe(3);
  expect(refused.stderr).toContain('error PD3506: certificate site: it is not good for www.shop.test');
  expect(await fleet.mainPids()).toEqual(pids);

  await fleet.ssh('edge-02', 'systemctl stop edge@2');
  const down = await status();
  expect(down.code).toBe(5);
  expect(down.text).toContain('not served: connection refused');
});
