import { z } from 'zod';
import type { TlsProfile } from '../model/certificate.ts';
import type { Instance } from '../model/host.ts';
import type { StepDraft } from '../model/playbook.ts';
import { Secret } from '../util/secret.ts';
import { type AcmeOptions, acmeSchema, acmeSource } from './acme.ts';
import { draft } from './draft.ts';
import { argvField, type Duration, durationField, portField, serverField } from './fields.ts';
import { checkOptions } from './options.ts';

export type CertificateOptions = {
  /** Its files are `tls/<name>/cert.pem`, leaf first, and `tls/<name>/key.pem` in the release directory. */
  readonly name: string;
  /** Names it is served under; it must be good for all of them. */
  readonly servers: readonly string[];
  /** PEM files on the controller, relative to the project (the key may be a secret); a program that writes both to its standard output; or a CA. */
  readonly from:
    | { readonly cert: string; readonly key: string | Secret }
    | { readonly command: readonly string[]; readonly timeout?: Duration | undefined }
    | { readonly acme: AcmeOptions };
  /** The TCP ports it is served on by an instance: each is asked for it, under each of the names. */
  readonly ports: (instance: Instance) => number | readonly number[];
  /** How long it must have been valid, for clients whose clocks are behind. Default: `5m`. */
  readonly settle?: Duration | undefined;
  /** What `pdeploy doctor` proves by handshakes: TLS 1.2 and 1.3 with good suites alone, or 1.3 alone. Default: `intermediate`. */
  readonly profile?: TlsProfile | undefined;
  /** Roots that must have issued it: a PEM file, `system` (those of Node and of the system), or `none`. Default: `system`. */
  readonly trust?: 'system' | 'none' | { readonly file: string } | undefined;
};

const COMMAND_TIMEOUT_MS = 60_000;

const schema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected a name such as "site": a-z, 0-9 and -'),
  servers: z.array(serverField).min(1, 'needs at least one server name'),
  from: z.union(
    [
      z.strictObject({ cert: z.string().min(1), key: z.union([z.string().min(1), z.instanceof(Secret)]) }),
      z.strictObject({
        command: argvField,
        timeout: durationField({ min: '1s', max: '10m' }).default(COMMAND_TIMEOUT_MS),
      }),
      z.strictObject({ acme: acmeSchema }),
    ],
    { error: 'expected { cert, key }, { command } or { acme }' },
  ),
  ports: z.custom<CertificateOptions['ports']>((v) => typeof v === 'function', {
    error: 'expected a function of the instance, (instance) => portOf(instance, "https")',
  }),
  trust: z
    .union([z.enum(['system', 'none']), z.strictObject({ file: z.string().min(1) })], {
      error: 'expected "system", "none" or { file }',
    })
    .default('system'),
  settle: durationField({ min: '0s', max: '7d' }).default(300_000),
  profile: z.enum(['intermediate', 'modern']).default('intermediate'),
});

const portsSchema = z.array(portField).min(1, 'needs at least one port');

/**
 * A TLS certificate with its key, part of the release: switched, proven and taken back with it. Before an instance is
 * committed, 20 of 20 new connections must be shown it, on every port and under every name.
 * @example certificate({ name: 'site', servers: ['shop.example'], from: { cert: 'tls/site.pem', key: 'tls/site.key' }, ports: (i) => portOf(i, 'https') })
 */
export function certificate(options: CertificateOptions): StepDraft {
  const { name, servers, from, ports, trust, profile, settle } = checkOptions('certificate', schema, options);
  return draft((ctx) => ({
    type: 'certificate',
    id: `certificate:${name}`,
    name,
    servers,
    source:
      'cert' in from
        ? { kind: 'files', cert: from.cert, key: from.key }
        : 'command' in from
          ? { kind: 'command', argv: from.command, timeoutMs: from.timeout }
          : acmeSource(from.acme, servers, ctx.instances),
    trust,
    profile,
    settleMs: settle,
    ports: new Map(
      ctx.instances.map((instance) => [
        instance.name,
        checkOptions(`certificate: ports of ${instance.id}`, portsSchema, [ports(instance)].flat()),
      ]),
    ),
  }));
}
