import type { CheckResult, HttpExpect, Probe } from '../model/health.ts';
import { shortId } from '../model/release.ts';
import { type Echo, header, isNamed, placeName, type RawHttp, tells } from './echo.ts';
import type { RawProbe } from './raw.ts';

type Asked = Exclude<Probe, { readonly kind: 'systemd' }>;
type RawTls = Extract<RawProbe, { readonly kind: 'tls' }>;

export function checkProbe(
  probe: Asked,
  raw: RawProbe | undefined,
  echo: Echo,
  address: string,
): CheckResult {
  const name = nameOf(probe, address);
  const result = (ok: boolean, detail: string): CheckResult => ({ name, ok, detail });
  if (raw === undefined || raw.kind !== probe.kind) return result(false, 'was not probed');
  if (raw.kind === 'tcp') return result(raw.ok, raw.ok ? 'accepted' : raw.error || 'no connection');
  if (raw.kind === 'exec') {
    const said = raw.error === '' ? '' : `: ${raw.error}`;
    return result(raw.code === 0, raw.code === 0 ? 'exited 0' : `exited ${raw.code}${said}`);
  }
  if (raw.kind === 'tls') {
    const problem = probe.kind === 'tls' ? tlsProblem(probe, raw) : 'was not probed';
    return result(problem === '', problem === '' ? `${raw.fingerprints.length} handshakes` : problem);
  }
  if (probe.kind !== 'http') return result(false, 'was not probed');
  if (raw.status === 0) return result(false, raw.error || 'no answer');
  const problem = httpProblem(probe.expect, raw, echo);
  return result(problem === '', problem === '' ? `answered ${raw.status}` : problem);
}

function nameOf(probe: Asked, address: string): string {
  switch (probe.kind) {
    case 'http': {
      const host = address.includes(':') ? `[${address}]` : address;
      return `GET ${probe.tls ? 'https' : 'http'}://${host}:${probe.port}${probe.path}`;
    }
    case 'tcp':
      return `tcp ${address === '127.0.0.1' ? '' : address}:${probe.port}`;
    case 'tls':
      return `tls ${probe.server}:${probe.port}`;
    case 'exec':
      return `exec ${probe.argv.join(' ')}`;
  }
}

/** '' when every connection was shown the certificate, and a client would trust it. */
function tlsProblem(probe: Extract<Probe, { kind: 'tls' }>, raw: RawTls): string {
  if (raw.error !== '') return raw.error;
  const other = raw.fingerprints.filter((shown) => shown !== probe.fingerprint);
  if (other.length > 0)
    return `${other.length} of ${raw.fingerprints.length} connections got the certificate ${shortId(other[0] ?? '')}, not ${shortId(probe.fingerprint)}`;
  if (raw.fingerprints.length < probe.times) return `${raw.fingerprints.length} handshakes of ${probe.times}`;
  return raw.refused === '' ? '' : `a client would refuse the certificate: ${raw.refused}`;
}

/** '' when the answer is as expected. */
function httpProblem(expect: HttpExpect, raw: RawHttp, echo: Echo): string {
  if (!(expect.status ?? [200]).includes(raw.status)) return `answered ${raw.status}`;
  if (expect.body !== undefined && !raw.body.includes(expect.body)) {
    return `answered ${raw.status} without ${JSON.stringify(expect.body)} in the body`;
  }
  for (const [name, want] of Object.entries(expect.headers ?? {})) {
    const got = header(raw, name);
    if (got !== want) return `answered with ${name}: ${got ?? '(absent)'}, not ${want}`;
  }
  return expect.release === undefined ? '' : echoProblem(expect.release, raw, echo);
}

function echoProblem(where: string, raw: RawHttp, echo: Echo): string {
  const got = tells(where, raw);
  if (got === undefined) return `answered without the release in ${placeName(where)}`;
  return isNamed(got, echo) ? '' : `answered as release ${got}, not ${echo.label}`;
}
