import { UsageError } from '../errors.ts';
import { type CertificateStep, certificateKeyPath, certificatePath } from '../model/certificate.ts';
import type { Host, Instance } from '../model/host.ts';
import type { LogrotateStep, ReleaseStep, ServiceStep, Step, UnitStep } from '../model/playbook.ts';
import type { HostRelease, ReleaseFile } from '../model/release.ts';
import type { ResourceStep } from '../model/resource.ts';
import type { Finding } from '../pingora/lint/finding.ts';
import { credentialStep } from '../resource/kinds/credential.ts';
import { sha256 } from '../util/digest.ts';
import { Secret } from '../util/secret.ts';
import type { Artifact } from './artifact.ts';
import { type Certificate, withTlsProbes } from './certificates.ts';
import type { CheckedSignature } from './signature.ts';

export type ReleaseContent = {
  readonly path: string;
  readonly mode: string;
  readonly content: string | Secret;
};

/** Everything one host gets, rendered: its release with contents, its resources and how its instances are judged. */
export type CompiledHost = {
  readonly host: Host;
  readonly instances: readonly Instance[];
  readonly release: HostRelease;
  readonly artifact: Artifact;
  readonly signature: CheckedSignature | undefined;
  readonly binary: string;
  /** The release's text files, the unit and logrotate among them. */
  readonly texts: readonly ReleaseContent[];
  readonly unit: UnitStep;
  readonly logrotate: LogrotateStep | undefined;
  /** With the probes of its certificates. */
  readonly service: ServiceStep;
  readonly certificates: readonly Certificate[];
  readonly releaseStep: ReleaseStep;
  readonly resources: readonly ResourceStep[];
  /** sha256 over unit and drop-ins, as the agent computes it for what lies in /etc. */
  readonly unitSha256: string;
  /** What the rules for its kind of service have to say. */
  readonly warnings?: readonly Finding[];
};

/** The steps of a playbook for one host, sorted by what they are. */
export type SortedSteps = {
  readonly release: ReleaseStep;
  readonly unit: UnitStep;
  readonly service: ServiceStep;
  readonly logrotate: LogrotateStep | undefined;
  readonly certificates: readonly CertificateStep[];
  readonly resources: readonly ResourceStep[];
};

/** @throws UsageError PD2111 when a service playbook lacks one of release, systemdUnit, service */
export function sortSteps(steps: readonly Step[], playbook: string): SortedSteps {
  const of = <T extends Step['type']>(type: T) =>
    steps.find((s): s is Extract<Step, { type: T }> => s.type === type);
  const release = of('release');
  const unit = of('unit');
  const service = of('service');
  if (release === undefined || unit === undefined || service === undefined) {
    const missing = [release ?? 'release', unit ?? 'systemdUnit', service ?? 'service'].filter(
      (s) => typeof s === 'string',
    );
    throw UsageError.of(
      'PD2111',
      `playbook ${playbook} has no ${missing.join(', no ')} step`,
      'a playbook that rolls out a service has one of each',
    );
  }
  return {
    release,
    unit,
    service,
    logrotate: of('logrotate'),
    certificates: steps.filter((s) => s.type === 'certificate'),
    resources: [...steps.filter((s) => s.type === 'resource'), ...(unit.encrypted ?? []).map(credentialStep)],
  };
}

/** Renders the release of one host. Pure: the artifact is already known by its digest. */
export function compileHost(
  host: Host,
  instances: readonly Instance[],
  steps: SortedSteps,
  artifact: Artifact,
  signature?: CheckedSignature,
  certificates: readonly Certificate[] = [],
): CompiledHost {
  const texts: ReleaseContent[] = steps.release.files.map((f) => ({
    path: f.path,
    mode: f.mode,
    content: f.content,
  }));
  for (const { step, pem, key } of certificates) {
    texts.push({ path: certificatePath(step.name), mode: '0444', content: pem });
    texts.push({ path: certificateKeyPath(step.name), mode: '0440', content: key });
  }
  texts.push({ path: 'unit', mode: '0444', content: steps.unit.text });
  for (const dropIn of steps.unit.dropIns)
    texts.push({ path: `dropins/${dropIn.name}`, mode: '0444', content: dropIn.text });
  texts.push(...(steps.unit.credentials ?? []));
  if (steps.logrotate !== undefined)
    texts.push({ path: 'logrotate', mode: '0444', content: steps.logrotate.text });
  if (signature !== undefined) texts.push({ path: 'signature', mode: '0444', content: signature.text });
  const files: ReleaseFile[] = texts.map((t) => {
    const text = reveal(t.content);
    return { path: t.path, mode: t.mode, sha256: sha256(text), size: Buffer.byteLength(text) };
  });
  const binary = steps.release.binary;
  files.push({ path: `bin/${binary}`, mode: '0555', sha256: artifact.sha256, size: artifact.size });
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = files.map((f) => `${f.sha256} ${f.mode} ${f.path}\n`).join('');
  return {
    host,
    instances,
    release: { service: instances[0]?.service ?? '', digest: sha256(manifest), manifest, files },
    artifact,
    signature,
    binary,
    texts,
    unit: steps.unit,
    logrotate: steps.logrotate,
    service: withTlsProbes(steps.service, certificates),
    certificates,
    releaseStep: steps.release,
    resources: steps.resources,
    unitSha256: sha256(steps.unit.text),
  };
}

export function reveal(content: string | Secret): string {
  return content instanceof Secret ? content.reveal() : content;
}

/** The fleet-wide id: the common digest, or a digest of the set where hosts differ. */
export function fleetReleaseId(digests: Iterable<string>): string {
  const unique = [...new Set(digests)].sort((a, b) => (a < b ? -1 : 1));
  return unique.length === 1 ? (unique[0] as string) : sha256(unique.join('\n'));
}
