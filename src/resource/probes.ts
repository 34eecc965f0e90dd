import { z } from 'zod';
import type { HttpExpect, Probe, Vantage } from '../model/health.ts';
import { argvField, type Duration, durationField, portField, serverField } from './fields.ts';
import { checkOptions } from './options.ts';

type Common = {
  /** Default: `2s`. */
  readonly timeout?: Duration | undefined;
};

type Network = Common & {
  readonly port: number;
  /** `host`: from the host itself; `outside`: from the controller. Default: `host`. */
  readonly from?: Vantage | readonly Vantage[] | undefined;
};

export type HttpProbeOptions = Network & {
  /** Default: `/`. */
  readonly path?: string | undefined;
  readonly tls?: boolean | undefined;
  /** Sent as `Host:`; default: the address. */
  readonly hostHeader?: string | undefined;
  readonly expect?:
    | {
        /** Default: 200. */
        readonly status?: number | readonly number[] | undefined;
        /** Must be in the first 4 KiB of the body. */
        readonly body?: string | undefined;
        readonly headers?: { readonly [name: string]: string } | undefined;
        /** Header, or dotted path in a JSON body (`json:release`), that must name the new release: proof of who answers. */
        readonly release?: string | undefined;
      }
    | undefined;
};

export type TcpProbeOptions = Network;
export type TlsProbeOptions = Common & {
  readonly port: number;
  /** Server name that is asked for. */
  readonly server: string;
  /** sha256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string;
  /** New connections in each round. Default: 20. */
  readonly times?: number | undefined;
};
export type ExecProbeOptions = Common & { readonly argv: readonly string[] };

const timeout = durationField({ min: '10ms', max: '60s' }).optional();
const vantage = z.enum(['host', 'outside']);
const from = z
  .union([vantage, z.array(vantage).min(1)], { error: 'expected "host", "outside" or a list of both' })
  .default('host')
  .transform((v) => (typeof v === 'string' ? [v] : v));

const STATUS = 'expected an HTTP status such as 200';
const statusField = z.int(STATUS).min(100, STATUS).max(599, STATUS);
const httpSchema = z.strictObject({
  port: portField,
  path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'expected a path such as "/readyz"')
    .default('/'),
  tls: z.boolean().default(false),
  hostHeader: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected a host name')
    .optional(),
  timeout,
  from,
  expect: z
    .strictObject({
      status: z.union([statusField, z.array(statusField).min(1)], { error: STATUS }).optional(),
      body: z.string().optional(),
      headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).optional(),
      release: z
        .string()
        .regex(/^(json:)?[A-Za-z0-9_.-]+$/, 'expected a header such as "x-release" or "json:release"')
        .optional(),
    })
    .default({}),
});
const tcpSchema = z.strictObject({ port: portField, timeout, from });
const execSchema = z.strictObject({ argv: argvField, timeout });

const tlsSchema = z.strictObject({
  port: portField,
  server: serverField,
  fingerprint: z
    .string()
    .transform((text) => text.replaceAll(':', '').toLowerCase())
    .refine((text) => /^[0-9a-f]{64}$/.test(text), 'expected a sha256 fingerprint, 64 hex digits'),
  times: z.int().min(1).max(200).default(20),
  timeout,
});

const TIMEOUT_MS = 2_000;
const TLS_TIMEOUT_MS = 5_000;

/**
 * Asks over HTTP.
 * @example http({ port: 6190, path: '/readyz', expect: { release: 'x-release' } })
 */
export function http(options: HttpProbeOptions): Probe {
  const { port, path, tls, hostHeader, expect, ...rest } = checkOptions('http', httpSchema, options);
  const { status, body, headers, release } = expect;
  const expected: HttpExpect = {
    ...(status === undefined ? {} : { status: [status].flat() }),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    ...(release === undefined ? {} : { release }),
  };
  return {
    kind: 'http',
    port,
    path,
    tls,
    ...(hostHeader === undefined ? {} : { hostHeader }),
    expect: expected,
    timeoutMs: rest.timeout ?? TIMEOUT_MS,
    from: rest.from,
  };
}

/** Connects to a port and closes again. */
export function tcp(options: TcpProbeOptions): Probe {
  const parsed = checkOptions('tcp', tcpSchema, options);
  return { kind: 'tcp', port: parsed.port, timeoutMs: parsed.timeout ?? TIMEOUT_MS, from: parsed.from };
}

/**
 * Makes new TLS connections from the controller; every one must be shown this certificate. For a certificate() of the
 * playbook it is there by itself.
 * @example tls({ port: 443, server: 'shop.example', fingerprint: '5f0a...' })
 */
export function tls(options: TlsProbeOptions): Probe {
  const { timeout: limit, fingerprint, ...rest } = checkOptions('tls', tlsSchema, options);
  return { kind: 'tls', ...rest, fingerprint, trust: { kind: 'none' }, timeoutMs: limit ?? TLS_TIMEOUT_MS };
}

/** Runs a program on the host, as the user of the service and without a shell; 0 is healthy. */
export function exec(options: ExecProbeOptions): Probe {
  const { argv, timeout: limit } = checkOptions('exec', execSchema, options);
  return { kind: 'exec', argv, timeoutMs: limit ?? TIMEOUT_MS };
}

/** Asks systemd alone: the unit is active and has not restarted. Weak: a process that hangs passes. */
export function systemd(): Probe {
  return { kind: 'systemd' };
}
