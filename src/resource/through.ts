import { z } from 'zod';
import type { Through } from '../model/through.ts';
import { type Duration, durationField } from './fields.ts';
import { hostField, urlField } from './network-fields.ts';

/** See that the instance serves clients through what balances it, before the next one is touched. */
export type ThroughOptions = {
  /** What clients ask, such as `https://shop.example/version`. */
  readonly url: string;
  /**
   * Hosts of the inventory, or groups of them: each is asked, at its address in the inventory and the port of the URL.
   * Default: what the name in the URL leads to.
   */
  readonly balancers?: readonly string[] | undefined;
  /** Sent with each request; stored with the release, so nothing secret. */
  readonly headers?: { readonly [name: string]: string } | undefined;
  readonly expect: {
    /** Header, or dotted path in a JSON body (`json:server`), that tells which instance answered, and what it says of this one. */
    readonly instance: { readonly in: string; readonly is: string };
    /** Header or `json:` path that must name the new release. */
    readonly release: string;
    /** Header or `json:` path that must name the main process. Needed where instances hand over. */
    readonly pid?: string | undefined;
    /** Default: 200. */
    readonly status?: number | readonly number[] | undefined;
  };
  /** Good answers of the instance that it takes, from each balancer. Default: 3. */
  readonly times?: number | undefined;
  /** By when. Default: `30s`. */
  readonly within?: Duration | undefined;
  /** Of one request. Default: `2s`. */
  readonly timeout?: Duration | undefined;
};

const place = z
  .string()
  .regex(/^(json:)?[A-Za-z0-9_.-]+$/, 'expected a header such as "x-release" or "json:release"');
const STATUS = 'expected an HTTP status such as 200';
const status = z.int(STATUS).min(100, STATUS).max(499, `${STATUS}; 5xx is never good`);

export const throughSchema = z.strictObject({
  url: urlField,
  balancers: z.array(hostField).min(1, 'expected at least one host or group').optional(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]+$/),
      z.string().regex(/^[\x20-\x7e]*$/, 'expected printable ASCII'),
    )
    .default({}),
  expect: z.strictObject({
    instance: z.strictObject({ in: place, is: z.string().min(1) }),
    release: place,
    pid: place.optional(),
    status: z.union([status, z.array(status).min(1)], { error: STATUS }).default(200),
  }),
  times: z.int().min(1).max(100).default(3),
  within: durationField({ min: '1s', max: '10m' }).default(30_000),
  timeout: durationField({ min: '10ms', max: '60s' }).default(2_000),
});

export function toThrough(options: z.output<typeof throughSchema>): Through {
  const { expect, balancers = [], within, timeout, ...rest } = options;
  const { instance, release, pid, status } = expect;
  return {
    ...rest,
    balancers,
    instance,
    release,
    ...(pid === undefined ? {} : { pid }),
    status: [status].flat(),
    withinMs: within,
    timeoutMs: timeout,
  };
}
