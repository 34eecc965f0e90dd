import { execFile } from 'node:child_process';
import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CertificateStores, certificateStores } from '../certs/acme/store.ts';
import { fingerprintOf, readPem } from '../certs/pem.ts';
import { rootsOf } from '../certs/trust.ts';
import { type CertificateProblem, certificateProblems } from '../certs/validate.ts';
import { RefusedError } from '../errors.ts';
import type { CertificateSource, CertificateStep } from '../model/certificate.ts';
import type { HealthCheck, Probe, Trust } from '../model/health.ts';
import type { HostName } from '../model/host.ts';
import type { ServiceStep } from '../model/playbook.ts';
import { stateDirectory } from '../state/directory.ts';
import { Secret } from '../util/secret.ts';

/** A certificate and its key, read and found good. */
export type Certificate = {
  readonly step: CertificateStep;
  readonly chain: readonly X509Certificate[];
  /** sha256 of the leaf's DER, lower-case hex. */
  readonly fingerprint: string;
  /** PEM, leaf first, and nothing else of what stood in the file. */
  readonly pem: string;
  readonly key: Secret;
  readonly trust: Trust;
};

const TIMES = 20;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const MOST_OUTPUT = 1 << 20;

/** Reads certificates once each, whatever the number of hosts. */
export function certificateReader(
  project: string,
  stores: CertificateStores = certificateStores(stateDirectory(project)),
): (step: CertificateStep) => Promise<Certificate> {
  const known = new Map<string, Promise<Certificate>>();
  return (step) => {
    const id = JSON.stringify([step.name, step.servers, step.source, step.trust]);
    const reading = known.get(id) ?? readCertificate(step, project, stores);
    known.set(id, reading);
    return reading;
  };
}

/** @throws RefusedError PD3501 to PD3508: everything that is wrong with it, by the clock of this machine */
export async function readCertificate(
  step: CertificateStep,
  project: string,
  stores: CertificateStores,
): Promise<Certificate> {
  const text = await sourceText(step, project, stores);
  const trust = await trustOf(step, project);
  let parts: ReturnType<typeof readPem>;
  try {
    parts = readPem(text);
  } catch (error) {
    throw refusal(step, [{ code: 'PD3501', message: `it cannot be read: ${(error as Error).message}` }]);
  }
  const [key, ...more] = parts.keys;
  const [leaf] = parts.chain;
  if (leaf === undefined || key === undefined || more.length > 0) {
    const found = `${parts.chain.length} certificates and ${parts.keys.length} keys`;
    throw refusal(step, [
      { code: 'PD3501', message: `expected PEM of the certificates and of one key, found ${found}` },
    ]);
  }
  const certificate: Certificate = {
    step,
    chain: parts.chain,
    fingerprint: fingerprintOf(leaf),
    pem: parts.chain.map((one) => one.toString()).join(''),
    key: new Secret(`key of certificate ${step.name}`, key),
    trust,
  };
  const now = Date.now();
  const problems = problemsOf(certificate, { earliest: now, latest: now });
  if (problems.length > 0) throw refusal(step, problems);
  return certificate;
}

/** By the clock of a host, which is the one that its clients' requests meet. */
export function clockProblems(
  host: HostName,
  clockSkewMs: number,
  certificates: readonly Certificate[],
): readonly (CertificateProblem & { readonly host: HostName })[] {
  const at = Date.now() + clockSkewMs;
  return certificates.flatMap((certificate) =>
    problemsOf(certificate, { earliest: at, latest: at }).map(({ code, message }) => ({
      host,
      code,
      message: `certificate ${certificate.step.name} on ${host}: ${message}`,
    })),
  );
}

function problemsOf(
  { step, chain, key, trust }: Certificate,
  clocks: { readonly earliest: number; readonly latest: number },
): readonly CertificateProblem[] {
  return certificateProblems({
    chain,
    key: key.reveal(),
    servers: step.servers,
    roots: rootsOf(trust),
    settleMs: step.settleMs,
    clocks,
  });
}

function refusal(step: CertificateStep, problems: readonly CertificateProblem[]): RefusedError {
  const lines = problems.map(({ message }) => `certificate ${step.name}: ${message}`);
  return new RefusedError(problems[0]?.code ?? 'PD3501', lines.join('\n'), {
    hint: `nothing has been changed; it comes from ${sourceName(step.source)}`,
  });
}

/** As a person calls it. */
export function sourceName(source: CertificateSource): string {
  if (source.kind === 'acme') return source.directory;
  return source.kind === 'files' ? `${source.cert} and ${String(source.key)}` : source.argv.join(' ');
}

async function sourceText(
  { name, source }: CertificateStep,
  project: string,
  stores: CertificateStores,
): Promise<string> {
  const unreadable = (why: string): RefusedError =>
    new RefusedError('PD3501', `certificate ${name}: ${why}`, { hint: 'nothing has been changed' });
  if (source.kind === 'acme') {
    const issued = await stores.of(name).current();
    if (issued !== undefined) return issued;
    throw new RefusedError('PD3501', `certificate ${name} has not been issued here yet`, {
      hint: 'pdeploy certs issue',
    });
  }
  if (source.kind === 'files') {
    const { cert, key } = source;
    const files = [...new Set(key instanceof Secret ? [cert] : [cert, key])];
    try {
      const texts = await Promise.all(files.map((file) => readFile(resolve(project, file), 'utf8')));
      return [...texts, ...(key instanceof Secret ? [key.reveal()] : [])].join('\n');
    } catch (error) {
      throw unreadable((error as Error).message);
    }
  }
  const [file, ...args] = source.argv;
  return await new Promise((done, fail) => {
    const options = { cwd: project, timeout: source.timeoutMs, maxBuffer: MOST_OUTPUT };
    execFile(file ?? '', args, options, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      const last = stderr.trim().split('\n').at(-1) ?? '';
      fail(unreadable(`${source.argv.join(' ')} failed: ${last === '' ? error.message : last}`));
    });
  });
}

/** The roots of a certificate, read. */
export async function trustOf({ name, trust }: CertificateStep, project: string): Promise<Trust> {
  if (typeof trust === 'string') return { kind: trust };
  try {
    return { kind: 'roots', pem: await readFile(resolve(project, trust.file), 'utf8') };
  } catch (error) {
    throw new RefusedError('PD3501', `certificate ${name}: its roots cannot be read`, { cause: error });
  }
}

/** An instance is healthy when it serves its certificates too. */
export function withTlsProbes(service: ServiceStep, certificates: readonly Certificate[]): ServiceStep {
  if (certificates.length === 0) return service;
  const health = new Map(
    [...service.health].map(([instance, check]): [string, HealthCheck] => [
      instance,
      { ...check, probes: [...check.probes, ...certificates.flatMap((c) => tlsProbes(c, instance))] },
    ]),
  );
  return { ...service, health };
}

export function tlsProbes(certificate: Certificate, instance: string): readonly Probe[] {
  const { step, fingerprint, trust } = certificate;
  return (step.ports.get(instance) ?? []).flatMap((port) =>
    step.servers.map(
      (server): Probe => ({
        kind: 'tls',
        port,
        server,
        fingerprint,
        times: TIMES,
        trust,
        timeoutMs: HANDSHAKE_TIMEOUT_MS,
        certificate: step.name,
      }),
    ),
  );
}
