/** Shares of a certificate's life: renewed at 2/3, a warning at 80 %, critical at 90 %. Lives get shorter, days say nothing. */
const RENEW = 2 / 3;
const WARN = 0.8;
const CRITICAL = 0.9;

export type LifeLevel = 'good' | 'renew' | 'warn' | 'critical';

export type Life = {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
};

/** 0 at its start, 1 at its end; more when it has expired. */
export function lifeUsed({ notBefore, notAfter }: Life, now: number): number {
  return notAfter <= notBefore ? 1 : (now - notBefore) / (notAfter - notBefore);
}

export function lifeLevel(life: Life, now: number): LifeLevel {
  const used = lifeUsed(life, now);
  if (used >= CRITICAL || used < 0) return 'critical';
  if (used >= WARN) return 'warn';
  return used >= RENEW ? 'renew' : 'good';
}

/** When a certificate is to be renewed, milliseconds since the epoch. */
export function renewAt({ notBefore, notAfter }: Life): number {
  return notBefore + (notAfter - notBefore) * RENEW;
}

export function lifeOf(certificate: { readonly validFrom: string; readonly validTo: string }): Life {
  return { notBefore: Date.parse(certificate.validFrom), notAfter: Date.parse(certificate.validTo) };
}

export function daysLeft({ notAfter }: Life, now: number): number {
  return Math.floor((notAfter - now) / 86_400_000);
}
