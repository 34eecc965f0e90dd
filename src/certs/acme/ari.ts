import type { X509Certificate } from 'node:crypto';

export type Window = { readonly start: number; readonly end: number };

/** Object identifier of the authority key identifier, as DER. */
const AKI = Buffer.from('0603551d23', 'hex');

/** Names a certificate to its CA (RFC 9773, 4.1); undefined when it has no key identifier of its issuer. */
export function certificateId(certificate: X509Certificate): string | undefined {
  const { raw } = certificate;
  const at = raw.indexOf(AKI);
  if (at < 0) return undefined;
  // OCTET STRING { SEQUENCE { [0] identifier } }, all of them short.
  const [octets, , sequence, , tag, length = 0] = raw.subarray(at + AKI.length, at + AKI.length + 6);
  if (octets !== 0x04 || sequence !== 0x30 || tag !== 0x80) return undefined;
  const start = at + AKI.length + 6;
  const identifier = raw.subarray(start, start + length).toString('base64url');
  const serial =
    certificate.serialNumber.length % 2 === 0 ? certificate.serialNumber : `0${certificate.serialNumber}`;
  const bytes = Buffer.from(serial, 'hex');
  const signed = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return `${identifier}.${signed.toString('base64url')}`;
}

/** The window in which the CA wants a certificate renewed; undefined when it does not say. Never an error: there is a rule without it. */
export async function renewalWindow(
  directory: string,
  certificate: X509Certificate,
): Promise<Window | undefined> {
  const id = certificateId(certificate);
  if (id === undefined) return undefined;
  try {
    const { renewalInfo } = (await json(directory)) as { readonly renewalInfo?: unknown };
    if (typeof renewalInfo !== 'string') return undefined;
    const { suggestedWindow } = (await json(`${renewalInfo}/${id}`)) as {
      readonly suggestedWindow?: { readonly start?: unknown; readonly end?: unknown };
    };
    const start = Date.parse(String(suggestedWindow?.start));
    const end = Date.parse(String(suggestedWindow?.end));
    return Number.isNaN(start) || Number.isNaN(end) || end < start ? undefined : { start, end };
  } catch {
    return undefined;
  }
}

async function json(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return await answer.json();
}
