import type { X509Certificate } from 'node:crypto';
import { type Handshake, handshake } from '../certs/handshake.ts';
import { fingerprintOf, readPem } from '../certs/pem.ts';
import { rootsOf } from '../certs/trust.ts';
import { PdeployError } from '../errors.ts';
import { type CertificateStep, certificatePath } from '../model/certificate.ts';
import type { Observation } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { Query } from '../model/resource.ts';
import type { Certificate } from './certificates.ts';
import { instancesOf } from './draft.ts';
import type { Fleet } from './fleet.ts';
import { observeHost } from './observe.ts';

/** One certificate at one place that it is served from. */
export type CertificateStatus = {
  readonly host: HostName;
  readonly instance: string;
  readonly certificate: string;
  readonly address: string;
  readonly port: number;
  readonly server: string;
  /** As it lies in the release that the instance runs. */
  readonly file: X509Certificate | undefined;
  readonly served: Handshake;
};

/** Of one certificate, what the source on this machine has now. */
export type CertificateSourceStatus =
  | { readonly name: string; readonly kind: 'read'; readonly certificate: Certificate }
  | { readonly name: string; readonly kind: 'bad'; readonly why: string };

export type CertsStatus = {
  readonly places: readonly CertificateStatus[];
  readonly sources: readonly CertificateSourceStatus[];
  readonly unreachable: readonly { readonly host: HostName; readonly why: string }[];
};

const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Looks at every certificate as file on each host, in one call each, and as it is served, by a handshake each. */
export async function certsStatus(
  fleet: Fleet,
  service: string,
  steps: ReadonlyMap<HostName, readonly CertificateStep[]>,
  read: (step: CertificateStep) => Promise<Certificate>,
): Promise<CertsStatus> {
  const sources = await sourceStatus(steps, read);
  const looks = await fleet.each(async (link) => {
    const own = steps.get(link.host.name) ?? [];
    const instances = instancesOf(link.host, service).map((i) => i.name);
    const queries = own.flatMap((step) =>
      instances.map((i) => fileQuery(`/run/pdeploy/${service}/${i}/current/`, i, step.name)),
    );
    const [seen, places] = await Promise.all([
      observeHost(link, { service, instances, queries }),
      placesOf(link.host, own, sources),
    ]);
    return { host: link.host.name, seen, places };
  });
  return {
    places: looks.flatMap(({ seen, places }) =>
      places.map((place) => ({
        ...place,
        file:
          seen.kind === 'observed' ? fileOf(seen.observation, place.instance, place.certificate) : undefined,
      })),
    ),
    sources,
    unreachable: looks.flatMap(({ host, seen }) =>
      seen.kind === 'unreachable' ? [{ host, why: seen.why }] : [],
    ),
  };
}

/**
 * Asks for the certificate of the release that an instance runs; its key is not looked at.
 * @param release path of the release directory, with a slash at its end
 */
export function fileQuery(release: string, instance: string, certificate: string): Query {
  const path = `${release}${certificatePath(certificate)}`;
  return { kind: 'path', id: fileId(instance, certificate), path, text: true };
}

/** The certificate of such an answer, undefined when there is none. */
export function fileOf(
  observation: Observation,
  instance: string,
  certificate: string,
): X509Certificate | undefined {
  const answer = observation.answers.get(fileId(instance, certificate));
  if (answer?.kind !== 'path' || answer.text === undefined) return undefined;
  try {
    return readPem(answer.text).chain[0];
  } catch {
    return undefined;
  }
}

const fileId = (instance: string, certificate: string): string => `certificate:${instance}:${certificate}`;

async function sourceStatus(
  steps: ReadonlyMap<HostName, readonly CertificateStep[]>,
  read: (step: CertificateStep) => Promise<Certificate>,
): Promise<readonly CertificateSourceStatus[]> {
  const byName = new Map([...steps.values()].flat().map((step) => [step.name, step]));
  return await Promise.all(
    [...byName.values()].map(async (step): Promise<CertificateSourceStatus> => {
      try {
        return { name: step.name, kind: 'read', certificate: await read(step) };
      } catch (error) {
        if (error instanceof PdeployError) return { name: step.name, kind: 'bad', why: error.message };
        throw error;
      }
    }),
  );
}

async function placesOf(
  host: Host,
  steps: readonly CertificateStep[],
  sources: readonly CertificateSourceStatus[],
): Promise<readonly Omit<CertificateStatus, 'file'>[]> {
  const { address } = host.connection;
  const places = steps.flatMap((step) =>
    [...step.ports].flatMap(([instance, ports]) =>
      ports.flatMap((port) => step.servers.map((server) => ({ step, instance, port, server }))),
    ),
  );
  return await Promise.all(
    places.map(async ({ step, instance, port, server }) => {
      const source = sources.find(({ name }) => name === step.name);
      // Roots of a file that cannot be read are told with the source; whether a client would go on stays open then.
      const roots =
        source?.kind === 'read'
          ? rootsOf(source.certificate.trust)
          : step.trust === 'system'
            ? rootsOf({ kind: 'system' })
            : undefined;
      return {
        host: host.name,
        instance,
        certificate: step.name,
        address,
        port,
        server,
        served: await handshake({ address, port, server, timeoutMs: HANDSHAKE_TIMEOUT_MS, roots }),
      };
    }),
  );
}

/** Whether an instance serves another certificate than its release has. */
export function isForgotten({ file, served }: CertificateStatus): boolean {
  return file !== undefined && served.ok && fingerprintOf(file) !== served.fingerprint;
}
