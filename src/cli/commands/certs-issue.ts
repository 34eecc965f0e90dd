import type { Place } from '../../certs/acme/http.ts';
import { type Issued, issueCertificate } from '../../certs/acme/issue.ts';
import { rootsOf } from '../../certs/trust.ts';
import { EXIT, RefusedError, UsageError } from '../../errors.ts';
import { trustOf } from '../../execute/certificates.ts';
import type { AcmeSource, CertificateStep } from '../../model/certificate.ts';
import { shortId } from '../../model/release.ts';
import { type Args, texts } from '../args.ts';
import { type CertificateHost, certificateHosts } from '../certificate-steps.ts';
import { certificateStoresOf } from '../certificate-stores.ts';
import { handleError } from '../handle-error.ts';
import { out } from '../io.ts';
import { openSession, type Session } from '../session.ts';
import { waiting } from '../wait.ts';

/** Has every certificate that comes from a CA issued, if it is due; one after the other, going on after what fails. */
export async function issue(args: Args): Promise<void> {
  const session = await openSession(args);
  try {
    const hosts = await certificateHosts(session);
    const wanted = chosen(hosts, texts(args, 'name'));
    const results: object[] = [];
    for (const step of wanted) {
      try {
        const issued = await one(session, hosts, step, args);
        results.push({ name: step.name, ...issued });
        if (args.output !== 'json') out.data(sentence(step.name, issued));
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        handleError(error, false);
        results.push({ name: step.name, kind: 'failed', code: error.code, message: error.message });
        process.exitCode = EXIT.refused;
      }
    }
    if (args.output === 'json') out.data(JSON.stringify({ v: 1, certificates: results }, null, 2));
  } finally {
    await session.close();
  }
}

type AcmeStep = CertificateStep & { readonly source: AcmeSource };

function chosen(hosts: readonly CertificateHost[], names: readonly string[]): readonly AcmeStep[] {
  const all = new Map<string, AcmeStep>();
  for (const step of hosts.flatMap((host) => host.steps)) if (isAcme(step)) all.set(step.name, step);
  const there = [...all.keys()];
  const unknown = names.find((name) => !all.has(name));
  if (unknown !== undefined)
    throw UsageError.of(
      'PD3513',
      `no certificate "${unknown}" comes from a CA`,
      `there is: ${there.join(', ') || 'none'}`,
    );
  if (there.length === 0)
    throw new RefusedError('PD3509', 'no certificate comes from a CA', {
      hint: 'certificate({ from: { acme: { challenge } } }); files and commands are read by certs rotate itself',
    });
  return [...all.values()].filter((step) => names.length === 0 || names.includes(step.name));
}

function isAcme(step: CertificateStep): step is AcmeStep {
  return step.source.kind === 'acme';
}

async function one(
  session: Session,
  hosts: readonly CertificateHost[],
  step: AcmeStep,
  args: Args,
): Promise<Issued> {
  return await waiting(
    `Asking ${new URL(step.source.directory).host} for ${step.name}`,
    args.quiet === true,
    issueCertificate({
      name: step.name,
      source: step.source,
      stores: certificateStoresOf(session),
      project: session.project,
      places: placesOf(hosts, step.name),
      roots: rootsOf(await trustOf(step, session.project)),
      force: args.force === true,
    }),
  );
}

function placesOf(hosts: readonly CertificateHost[], name: string): readonly Place[] {
  return hosts.flatMap(({ host, steps }) =>
    steps.flatMap((step): readonly Place[] => {
      if (step.name !== name || step.source.kind !== 'acme') return [];
      const { challenge } = step.source;
      if (challenge.kind !== 'http') return [];
      return [...challenge.through].map(([instance, port]) => ({
        name: `${host.name}@${instance}`,
        address: host.connection.address,
        port,
      }));
    }),
  );
}

function sentence(name: string, { kind, fingerprint, notAfter, dueAt, names }: Issued): string {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const what = kind === 'issued' ? 'issued' : 'is good, nothing to do';
  const next = kind === 'issued' ? '\nNext: pdeploy certs rotate' : '';
  return `${name} ${what}: ${shortId(fingerprint)} for ${names.join(', ')}, until ${day(notAfter)} UTC, renewed from ${day(dueAt)} UTC${next}`;
}
