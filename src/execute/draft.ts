import type { CertificateStores } from '../certs/acme/store.ts';
import { UsageError } from '../errors.ts';
import type { Host, HostName, Instance } from '../model/host.ts';
import type { ArtifactSource, Playbook } from '../model/playbook.ts';
import type { ResourceStep } from '../model/resource.ts';
import { toProblem } from '../pingora/lint/finding.ts';
import { lintRelease } from '../pingora/lint/release.ts';
import { compileSteps } from '../playbook/compile-steps.ts';
import { type Artifact, cacheArtifact } from './artifact.ts';
import { certificateReader } from './certificates.ts';
import { type CompiledHost, compileHost, type SortedSteps, sortSteps } from './compile.ts';
import { type CheckedSignature, checkSignature } from './signature.ts';

export type DraftInput = {
  readonly playbook: Playbook;
  readonly service: string;
  readonly label: string;
  /** Relative paths of binaries are looked up from here: the project. */
  readonly project: string;
  /** What a CA has issued; default: as for a project without settings and without age. */
  readonly stores?: CertificateStores | undefined;
};

/**
 * Renders the release of every host. Nothing is contacted but a URL a binary comes from.
 * @throws UsageError for what does not compile, and for what the rules for Pingora refuse
 */
export async function draftHosts(
  input: DraftInput,
  hosts: readonly Host[],
): Promise<readonly CompiledHost[]> {
  const artifacts = new Map<string, Promise<Artifact>>();
  const artifact = (source: ArtifactSource, binary: string): Promise<Artifact> => {
    const key = JSON.stringify([source, binary]);
    const known = artifacts.get(key) ?? cacheArtifact(source, binary, input.project);
    artifacts.set(key, known);
    return known;
  };
  const signatures = new Map<string, Promise<CheckedSignature>>();
  const signature = ({ release }: SortedSteps, of: Artifact): Promise<CheckedSignature> | undefined => {
    if (release.minisign === undefined) return undefined;
    const key = JSON.stringify([release.minisign, of.sha256]);
    const known = signatures.get(key) ?? checkSignature(release, input.service, of, input.project);
    signatures.set(key, known);
    return known;
  };
  const certificate = certificateReader(input.project, input.stores);
  const result: CompiledHost[] = [];
  for (const host of hosts) {
    const compiled = compileSteps(input.playbook, host, input.service, input.label).steps;
    const steps = sortSteps(compiled, input.playbook.name);
    const findings = lintRelease(host.name, compiled);
    const errors = findings.filter((finding) => finding.severity === 'error');
    if (errors.length > 0) throw new UsageError(errors.map(toProblem));
    const binary = await artifact(steps.release.artifact, steps.release.binary);
    const signed = await signature(steps, binary);
    const certificates = await Promise.all(steps.certificates.map(certificate));
    const own = compileHost(host, instancesOf(host, input.service), steps, binary, signed, certificates);
    result.push(findings.length === 0 ? own : { ...own, warnings: findings });
  }
  return result;
}

/** Resources of each host by a playbook that deploys nothing; undefined when it deploys. */
export function draftSetup(
  input: DraftInput,
  hosts: readonly Host[],
): ReadonlyMap<HostName, readonly ResourceStep[]> | undefined {
  const result = new Map<HostName, readonly ResourceStep[]>();
  for (const host of hosts) {
    const compiled = compileSteps(input.playbook, host, input.service, input.label);
    if (compiled.deploys) return undefined;
    result.set(
      host.name,
      compiled.steps.filter((s) => s.type === 'resource'),
    );
  }
  return result;
}

export function instancesOf(host: Host, service: string): readonly Instance[] {
  return host.instances.filter((i) => i.service === service);
}
