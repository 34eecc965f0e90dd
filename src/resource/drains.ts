import { z } from 'zod';
import type { Drain } from '../model/drain.ts';
import type { Instance } from '../model/host.ts';
import type { Secret } from '../util/secret.ts';
import { argvField, contentField, type Duration, durationField, hostPathField } from './fields.ts';
import { hostField, urlField } from './network-fields.ts';
import { checkOptions } from './options.ts';

/** The same for all instances, or made for each. */
export type PerInstance<T> = T | ((instance: Instance) => T);

/** A way to take an instance out of traffic, for `service({ drain: [...] })`. */
export type DrainAdapter = { readonly type: 'drain'; readonly make: (instance: Instance) => Drain };

type Common = {
  /** How long requests in flight may take before the instance is touched all the same. Default: `30s`. */
  readonly wait?: Duration | undefined;
};

export type HaproxyOptions = Common & {
  /** Hosts of the inventory, or groups of them. They are reached like any other host. */
  readonly balancers: readonly string[];
  readonly backend: string;
  /** Name of the server in that backend. Default: `host-instance`, such as `edge-01-1`. */
  readonly server?: PerInstance<string> | undefined;
  /** Runtime socket on the balancer, of level admin. Default: `/run/haproxy/admin.sock`. */
  readonly socket?: string | undefined;
};

export type ReadinessFileOptions = Common & { readonly path: PerInstance<string> };

export type HttpCallOptions = Common & {
  readonly drain: PerInstance<string>;
  readonly undrain: PerInstance<string>;
  /** Default: `POST`. */
  readonly method?: string | undefined;
  /** A token belongs into a Secret. */
  readonly headers?: { readonly [name: string]: string | Secret } | undefined;
};

export type ExecDrainOptions = Common & {
  /** Program on the controller and its arguments; no shell. */
  readonly argv: readonly string[];
};

const wait = durationField({ min: '0s', max: '1h' }).default(30_000);
const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;
const nameField = z.string().regex(NAME, 'expected a name of letters, digits, ".", "_", ":" and "-"');
const socketField = hostPathField.refine(
  (path) => /^[A-Za-z0-9._/-]+$/.test(path),
  'a socket has letters, digits, ".", "_" and "-" in its path',
);
const haproxySchema = z.strictObject({
  balancers: z.array(hostField).min(1, 'expected at least one host or group'),
  backend: nameField,
  server: nameField,
  socket: socketField,
  wait,
});
const fileSchema = z.strictObject({ path: hostPathField, wait });
const httpSchema = z.strictObject({
  drain: urlField,
  undrain: urlField,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), contentField).default({}),
  wait,
});
const execSchema = z.strictObject({ argv: argvField, wait });

/**
 * Drains a server of an HAProxy by the runtime socket on the balancers, waits until no request is left there, and sees it
 * up again before the instance counts as done.
 * @example haproxy({ balancers: ['lb'], backend: 'edge', server: (i) => `${i.host}-${i.name}` })
 */
export function haproxy(options: HaproxyOptions): DrainAdapter {
  return adapter('haproxy', options, (given, i) => {
    const { socket = '/run/haproxy/admin.sock', server = `${i.host}-${i.name}` } = given;
    return { kind: 'haproxy', ...checked('haproxy', haproxySchema, { ...given, socket, server }) };
  });
}

/**
 * Makes an empty file on the instance's host, at which the service says that it is not ready; whatever looks at that has
 * all of `wait` to notice. The file is made as the service's user, so its directory has to be the service's.
 * @example readinessFile({ path: (i) => `/run/edge/${i.name}.drain`, wait: '10s' })
 */
export function readinessFile(options: ReadinessFileOptions): DrainAdapter {
  return adapter('readinessFile', options, (given) => ({
    kind: 'file',
    ...checked('readinessFile', fileSchema, given),
  }));
}

/**
 * Asks something for it over HTTP, from the controller; 2xx is yes. All of `wait` is waited then.
 * @example httpCall({ drain: (i) => `https://lb.example.com/drain/${i.host}`, undrain: (i) => `https://lb.example.com/ready/${i.host}` })
 */
export function httpCall(options: HttpCallOptions): DrainAdapter {
  return adapter('httpCall', options, (given) => ({
    kind: 'http',
    ...checked('httpCall', httpSchema, given),
  }));
}

/**
 * Runs a program on the controller, twice: it finds `{"v":1,"action":"drain"|"undrain",...}` on its standard input and
 * ends with 0 when that is done. It waits for requests in flight itself; `wait` is its time limit.
 * @example execDrain({ argv: ['bin/drain', '--zone', 'example.com'] })
 */
export function execDrain(options: ExecDrainOptions): DrainAdapter {
  return adapter('execDrain', options, (given) => ({
    kind: 'exec',
    ...checked('execDrain', execSchema, given),
  }));
}

function adapter<O extends object>(
  what: string,
  options: O,
  make: (
    given: { [K in keyof O]: Exclude<O[K], (instance: Instance) => unknown> },
    instance: Instance,
  ) => Drain,
): DrainAdapter {
  checkOptions(what, z.looseObject({}), options);
  return {
    type: 'drain',
    make: (instance) => {
      const given = Object.entries(options).map(([k, v]) => [k, typeof v === 'function' ? v(instance) : v]);
      return make(Object.fromEntries(given), instance);
    },
  };
}

function checked<T extends { wait: number }>(what: string, schema: z.ZodType<T>, given: unknown) {
  const { wait: waitMs, ...rest } = checkOptions(what, schema, given);
  return { ...rest, waitMs };
}
