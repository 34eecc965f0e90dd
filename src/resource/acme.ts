import { isIP } from 'node:net';
import { z } from 'zod';
import type { AcmeSource } from '../model/certificate.ts';
import type { Instance } from '../model/host.ts';
import { Secret } from '../util/secret.ts';
import { argvField, type Duration, durationField, portField } from './fields.ts';
import { checkOptions, optionProblem } from './options.ts';

type DnsOptions = {
  /** Between the record and the question of the CA. Default: `0s`. */
  readonly wait?: Duration | undefined;
  /** Look for the record at the authoritative servers before the CA does; false where this machine sees another DNS. Default: true. */
  readonly verify?: boolean | undefined;
};

export type AcmeOptions = {
  /** Default: `letsencrypt`. */
  readonly directory?: 'letsencrypt' | 'letsencrypt-staging' | `https://${string}` | undefined;
  readonly email?: string | undefined;
  /** Default: the servers. `*.shop.example` needs DNS. */
  readonly names?: readonly string[] | undefined;
  readonly key?: 'ec' | 'rsa' | undefined;
  /** As the CA gave them. */
  readonly externalAccount?: { readonly kid: string; readonly hmacKey: Secret } | undefined;
  readonly challenge: /** A program that gets `{"action":"present"|"remove","name","value","domain"}` on its standard input. */
    | ({ readonly dns: readonly string[]; readonly timeout?: Duration | undefined } & DnsOptions)
    /** DNS updates by nsupdate, signed with a TSIG key file. */
    | ({
        readonly rfc2136: {
          readonly server: string;
          readonly keyFile: string;
          readonly zone?: string | undefined;
        };
      } & DnsOptions)
    /** This machine answers; the proxies pass `/.well-known/acme-challenge/` on to it. */
    | { readonly http: { readonly listen: string; readonly through: (instance: Instance) => number } };
};

const DIRECTORIES = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
} as const;

const NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LISTEN = /^(.+):(\d{1,5})$/;
const dns = {
  wait: durationField({ min: '0s', max: '30m' }).default(0),
  verify: z.boolean().default(true),
};
const word = z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'expected a name or an address');

export const acmeSchema = z.strictObject({
  directory: z
    .union([z.enum(['letsencrypt', 'letsencrypt-staging']), z.string().regex(/^https:\/\/[^\s]+$/)], {
      error: 'expected "letsencrypt", "letsencrypt-staging" or an https URL',
    })
    .default('letsencrypt'),
  email: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, 'expected an address such as "ops@example.org"')
    .optional(),
  names: z
    .array(z.string().regex(NAME, 'expected a name such as "shop.example" or "*.shop.example"'))
    .min(1)
    .optional(),
  key: z.enum(['ec', 'rsa']).default('ec'),
  externalAccount: z.strictObject({ kid: z.string().min(1), hmacKey: z.instanceof(Secret) }).optional(),
  challenge: z.union(
    [
      z.strictObject({
        dns: argvField,
        timeout: durationField({ min: '1s', max: '30m' }).default(120_000),
        ...dns,
      }),
      z.strictObject({
        rfc2136: z.strictObject({ server: word, keyFile: z.string().min(1), zone: word.optional() }),
        ...dns,
      }),
      z.strictObject({
        http: z.strictObject({
          listen: z.string().regex(LISTEN, 'expected an address such as "10.0.0.1:8402"'),
          through: z.custom<(instance: Instance) => number>((v) => typeof v === 'function', {
            error: 'expected a function of the instance, (instance) => portOf(instance, "http")',
          }),
        }),
      }),
    ],
    { error: 'expected { dns }, { rfc2136 } or { http }' },
  ),
});

export function acmeSource(
  options: z.output<typeof acmeSchema>,
  servers: readonly string[],
  instances: readonly Instance[],
): AcmeSource {
  const { directory, email, key, externalAccount, challenge } = options;
  const names = options.names ?? servers;
  const address = names.find((name) => isIP(name) !== 0);
  if (address !== undefined)
    throw optionProblem('certificate', `from.acme: a CA is asked for names, and ${address} is an address`);
  return {
    kind: 'acme',
    directory: directory in DIRECTORIES ? DIRECTORIES[directory as keyof typeof DIRECTORIES] : directory,
    names,
    keyType: key,
    challenge: challengeOf(challenge, instances),
    ...(email === undefined ? {} : { email }),
    ...(externalAccount === undefined ? {} : { externalAccount }),
  };
}

function challengeOf(
  challenge: z.output<typeof acmeSchema>['challenge'],
  instances: readonly Instance[],
): AcmeSource['challenge'] {
  if ('dns' in challenge) {
    const { dns: argv, timeout, wait, verify } = challenge;
    return { kind: 'dns-hook', argv, timeoutMs: timeout, waitMs: wait, verify };
  }
  if ('rfc2136' in challenge) {
    const { server, keyFile, zone } = challenge.rfc2136;
    const { wait, verify } = challenge;
    return {
      kind: 'rfc2136',
      server,
      keyFile,
      waitMs: wait,
      verify,
      ...(zone === undefined ? {} : { zone }),
    };
  }
  const { listen, through } = challenge.http;
  const [, host = '', port = ''] = LISTEN.exec(listen) ?? [];
  return {
    kind: 'http',
    listen: { host: host.replace(/^\[|\]$/g, ''), port: Number(port) },
    through: new Map(
      instances.map((instance) => [
        instance.name,
        checkOptions(`certificate: through of ${instance.id}`, portField, through(instance)),
      ]),
    ),
  };
}
