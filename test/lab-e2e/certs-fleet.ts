import { X509Certificate } from 'node:crypto';
import { handshake } from '../../src/certs/handshake.ts';
import { fingerprintOf } from '../../src/certs/pem.ts';
import { makeAuthority, makePair, type Pair } from '../certs/authority.ts';
import { type Fleet, openFleet } from './fleet.ts';
import type { Ran } from './process.ts';

export const NAMES = ['shop.test', 'www.shop.test'];

type Row = { readonly level: string; readonly served: string; readonly file: string };

/** A fleet whose instances serve TLS with a certificate of an authority of its own. */
export async function openCertsFleet() {
  const fleet = await openFleet({ hosts: 3, instances: 2 });
  const tls = tlsOf(fleet);
  const { vars } = tls;
  return {
    fleet,
    ...tls,
    status: async (): Promise<Ran & { readonly rows: readonly Row[] }> => {
      const ran = await fleet.pdeploy('certs', 'status', '-i', 'lab', ...vars, '-o', 'json');
      return { ...ran, rows: (JSON.parse(ran.stdout) as { certificates: readonly Row[] }).certificates };
    },
    rotateArgs: (...args: string[]): string[] => [
      ...['certs', 'rotate', '-i', 'lab', '--yes', ...vars],
      ...['--min-healthy-time', '500ms', '--healthy-deadline', '30s', ...args],
    ],
    rotate: function (...args: string[]): Promise<Ran> {
      return fleet.pdeploy(...this.rotateArgs(...args));
    },
    /** By host and instance. */
    served: (): Promise<readonly string[]> => servedBy(places(fleet)),
  };
}

/** Variables of a playbook that serves TLS, and an authority for its certificates. */
export function tlsOf(fleet: Fleet) {
  const authority = makeAuthority();
  fleet.write('tls/root.pem', authority.root.cert);
  const tls = { servers: NAMES, cert: 'tls/site.pem', key: 'tls/site.key', trust: { file: 'tls/root.pem' } };
  fleet.write('tls.yaml', JSON.stringify({ tls }));
  return {
    authority,
    vars: ['-e', '@tls.yaml'],
    /** Puts a certificate where the playbook gets it from. */
    bring: (pair: Pair): void => {
      fleet.write('tls/site.pem', pair.cert);
      fleet.write('tls/site.key', pair.key);
    },
  };
}

type Place = { readonly address: string; readonly port: number };

/** Fingerprints that are served there; '' where nothing answers. */
export function servedBy(where: readonly Place[]): Promise<readonly string[]> {
  return Promise.all(
    where.map(async ({ address, port }) => {
      const shown = await handshake({ address, port, server: NAMES[0] ?? '', timeoutMs: 5_000 });
      return shown.ok ? shown.fingerprint : '';
    }),
  );
}

export function places(fleet: Fleet): readonly Place[] {
  return fleet.hosts.flatMap(({ address }) => [6194, 6204].map((port) => ({ address, port })));
}

/**
 * A certificate with which nothing is wrong but what a client alone looks at: who issued it may not issue for these names.
 * Every instance that gets it serves it.
 */
export function refusedByClients({ root }: ReturnType<typeof makeAuthority>): Pair {
  const issuer = makePair('elsewhere', { isCa: true, issuer: root, permits: 'other.test', until: 24_000 });
  const leaf = makePair('shop.test', { issuer, names: NAMES });
  return { ...leaf, cert: leaf.cert + issuer.cert };
}

export const print = (pair: Pair): string => fingerprintOf(new X509Certificate(pair.cert));
