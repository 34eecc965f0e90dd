import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../src/certs/pem.ts';
import { certificateRows, certsExitCode } from '../../src/cli/certs-rows.ts';
import type { CertificateStatus, CertsStatus } from '../../src/execute/certs-status.ts';
import { certsMetrics, certsTable } from '../../src/report/certs.ts';
import { PLAIN } from '../../src/report/style.ts';
import { makeAuthority, type Pair } from '../certs/authority.ts';

const authority = makeAuthority();
const pair = authority.issue(['shop.test'], { from: -24, until: 24 * 89 });
const other = authority.issue(['shop.test']);
const DAY = 86_400_000;

function place(served: Pair | undefined, file: Pair | undefined, refused = ''): CertificateStatus {
  const leaf = served === undefined ? undefined : new X509Certificate(served.cert);
  return {
    host: 'edge-1',
    instance: '1',
    certificate: 'site',
    address: '10.0.0.1',
    port: 443,
    server: 'shop.test',
    file: file === undefined ? undefined : new X509Certificate(file.cert),
    served:
      leaf === undefined
        ? { ok: false, error: 'connection refused' }
        : { ok: true, leaf, fingerprint: fingerprintOf(leaf), refused, protocol: 'TLSv1.3' },
  };
}

function look(one: CertificateStatus, over: Partial<CertsStatus> & { readonly days?: number } = {}) {
  const status: CertsStatus = { places: [one], sources: [], unreachable: [], ...over };
  const rows = certificateRows(status, Date.now() + (over.days ?? 0) * DAY);
  return { level: rows[0]?.level, note: rows[0]?.note, code: certsExitCode(rows, status), rows };
}

test.each([
  [0, 'good', 0],
  [60, 'renew', 7],
  [72, 'warn', 7],
  [82, 'critical', 5],
  [100, 'critical', 5],
])('in %d days it is %s, exit code %d', (days, level, code) => {
  expect(look(place(pair, pair), { days })).toMatchObject({ level, code });
});

test('what is not served, not trusted or not the one of the release needs somebody', () => {
  expect(look(place(undefined, pair))).toMatchObject({ note: 'not served: connection refused', code: 5 });
  expect(look(place(pair, pair, 'it has expired'))).toMatchObject({ level: 'critical', code: 5 });
  const forgotten = look(place(pair, other));
  expect(forgotten.note).toMatch(/^its release has [0-9a-f]{7}, which is not served$/);
  expect(forgotten.code).toBe(5);
  expect(look(place(pair, pair), { unreachable: [{ host: 'edge-2', why: 'gone' }] }).code).toBe(5);
});

test('the table and the metrics have what was seen', () => {
  const { rows } = look(place(pair, pair));
  const text = certsTable(rows, PLAIN);
  expect(text.split('\n')[1]).toMatch(
    /^edge-1@1 +shop.test:443 +good +8[89] +1% +[0-9a-f]{7} +EC P-256 +Test intermediate$/,
  );
  const lost = certsTable(look(place(undefined, pair)).rows, PLAIN);
  expect(lost).toMatch(/\nedge-1@1 shop.test:443: not served: connection refused$/);
  const end = Math.floor(Date.parse(rows[0]?.notAfter ?? '') / 1_000);
  expect(certsMetrics(rows)).toContain(
    `pdeploy_cert_not_after_seconds{host="edge-1",instance="1",certificate="site",server="shop.test",port="443"} ${end}\n`,
  );
  expect(certsMetrics(look(place(undefined, undefined)).rows)).toMatch(/_good\{.*\} 0\n/);
});
