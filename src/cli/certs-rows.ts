import type { X509Certificate } from 'node:crypto';
import { daysLeft, lifeLevel, lifeOf, lifeUsed } from '../certs/life.ts';
import { fingerprintOf, namesOf } from '../certs/pem.ts';
import { issuerOf, subjectOf } from '../certs/validate.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { type CertificateStatus, type CertsStatus, isForgotten } from '../execute/certs-status.ts';
import { shortId } from '../model/release.ts';
import type { CertificateRow } from '../report/certs.ts';

/** What was seen, judged by the shares of life; pure. @param now milliseconds since the epoch */
export function certificateRows(status: CertsStatus, now: number): readonly CertificateRow[] {
  return status.places.map((place) => rowOf(place, status, now));
}

/** 5: somebody has to act now; 7: a renewal or a rotation is due. */
export function certsExitCode(rows: readonly CertificateRow[], status: CertsStatus): ExitCode {
  if (rows.some((row) => row.level === 'critical') || status.unreachable.length > 0) return EXIT.needsPerson;
  const isBad = status.sources.some((source) => source.kind === 'bad');
  return isBad || rows.some((row) => row.level !== 'good') ? EXIT.pendingChanges : EXIT.done;
}

function rowOf(place: CertificateStatus, status: CertsStatus, now: number): CertificateRow {
  const shown = place.served.ok ? place.served.leaf : place.file;
  const { level, note } = judged(place, status, now);
  const life = shown === undefined ? undefined : lifeOf(shown);
  return {
    host: place.host,
    instance: place.instance,
    certificate: place.certificate,
    address: place.address,
    port: place.port,
    server: place.server,
    subject: shown === undefined ? '' : subjectOf(shown),
    names: shown === undefined ? [] : namesOf(shown),
    issuer: shown === undefined ? '' : commonName(issuerOf(shown)),
    key: shown === undefined ? '' : keyOf(shown),
    notBefore: life === undefined ? '' : new Date(life.notBefore).toISOString(),
    notAfter: life === undefined ? '' : new Date(life.notAfter).toISOString(),
    daysLeft: life === undefined ? 0 : daysLeft(life, now),
    lifeUsed: life === undefined ? 0 : lifeUsed(life, now),
    served: place.served.ok ? place.served.fingerprint : '',
    file: place.file === undefined ? '' : fingerprintOf(place.file),
    protocol: place.served.ok ? place.served.protocol : '',
    level,
    note,
  };
}

function judged(
  place: CertificateStatus,
  status: CertsStatus,
  now: number,
): Pick<CertificateRow, 'level' | 'note'> {
  const { served, file } = place;
  if (!served.ok) return { level: 'critical', note: `not served: ${served.error}` };
  if (served.refused !== '')
    return { level: 'critical', note: `a client would refuse it: ${served.refused}` };
  if (file !== undefined && isForgotten(place))
    return {
      level: 'critical',
      note: `its release has ${shortId(fingerprintOf(file))}, which is not served`,
    };
  const level = lifeLevel(lifeOf(served.leaf), now);
  const source = status.sources.find(({ name }) => name === place.certificate);
  if (source?.kind === 'read' && source.certificate.fingerprint !== served.fingerprint)
    return {
      level: level === 'good' ? 'renew' : level,
      note: `${shortId(source.certificate.fingerprint)} is waiting: pdeploy certs rotate`,
    };
  if (file === undefined) return { level, note: 'its release has no such file' };
  return {
    level,
    note: { good: '', renew: 'renew it', warn: 'renew it soon', critical: 'renew it now' }[level],
  };
}

function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = publicKey;
  const curve = details?.namedCurve === 'prime256v1' ? 'P-256' : details?.namedCurve;
  const more = curve ?? details?.modulusLength;
  return more === undefined ? type.toUpperCase() : `${type.toUpperCase()} ${more}`;
}

function commonName(name: string): string {
  return /(?:^|, )CN=([^,]+)/.exec(name)?.[1] ?? name;
}
