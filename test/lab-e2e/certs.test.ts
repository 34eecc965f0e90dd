import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprintOf } from '../../src/certs/pem.ts';
import { makeAuthority, type Pair } from '../certs/authority.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import type { Ran } from './process.ts';

const NAMES = ['shop.test', 'www.shop.test'];
const authority = makeAuthority();

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: 3, instances: 2 });
  fleet.write('tls/root.pem', authority.root.cert);
  const tls = { servers: NAMES, cert: 'tls/site.pem', key: 'tls/site.key', trust: { file: 'tls/root.pem' } };
  fleet.write('tls.yaml', JSON.stringify({ tls }));
});
afterAll(() => fleet.end());

const print = (pair: Pair): string => fingerprintOf(new X509Certificate(pair.cert));

function bring(pair: Pair): void {
  fleet.write('tls/site.pem', pair.cert);
  fleet.write('tls/site.key', pair.key);
}

// Caddy is not given a certificate by the shipped playbook.
test.runIf(hasFaults())('a certificate is part of the release', async () => {
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

type Row = { readonly level: string; readonly served: string; readonly file: string };

async function status(): Promise<Ran & { readonly rows: readonly Row[] }> {
  const ran = await fleet.pdeploy('certs', 'status', '-i', 'lab', '-e', '@tls.yaml', '-o', 'json');
  return { ...ran, rows: (JSON.parse(ran.stdout) as { certificates: readonly Row[] }).certificates };
}
