import { z } from 'zod';
import type { Json } from '../model/json.ts';
import { FINGERPRINT, HOST_NAME, HOST_NAME_RULE, INSTANCE_NAME, SERVICE_NAME, VAR_NAME } from './names.ts';

const PORT_RULE = 'must be a whole number from 1 to 65535';
const LINE_RULE = 'must be text on one line';
const LOWER_RULE = 'lower-case letters, digits and dashes, beginning with a letter, 32 at most';
const INSTANCE_RULE =
  'lower-case letters, digits and dashes, not beginning with a dash, 32 at most; not releases, undo, lease or epoch';

const VAR_RULE =
  'is not a name for a variable: letters, digits, dots, dashes and _, beginning with a letter or _';

const port = z.int(PORT_RULE).min(1, PORT_RULE).max(65_535, PORT_RULE);
const line = z.string(LINE_RULE).regex(/^[^\t\n]+$/, LINE_RULE);
const user = z.string('must be a user name').regex(HOST_NAME, 'must be a user name');
const hostName = z.string('must be the name of a host').regex(HOST_NAME, 'must be the name of a host');
const hostPattern = z
  .string('must be a host or a range of hosts')
  .min(1, 'must be a host or a range of hosts');
const groupRef = z.string('must be the name of a group').min(1, 'must be the name of a group');
const groupName = z.string().regex(HOST_NAME, `is not a name for a group: ${HOST_NAME_RULE}`);
const serviceName = z.string().regex(SERVICE_NAME, `is not a name for a service: ${LOWER_RULE}`);
const instanceName = z.string().regex(INSTANCE_NAME, `is not a name for an instance: ${INSTANCE_RULE}`);
const domain = z.string('must be a name').regex(HOST_NAME, 'must be a name');
const PIN_RULE = 'must be a fingerprint: SHA256: and 43 characters';
const fingerprint = z.string(PIN_RULE).regex(FINGERPRINT, PIN_RULE);

/** Values were checked to be plain data when the file was read. */
const json: z.ZodType<Json> = z.any();

function mapping<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, 'must be a mapping');
}

function record<K extends z.core.$ZodRecordKey, V extends z.ZodType>(key: K, value: V) {
  return z.record(key, value, 'must be a mapping');
}

function oneOrMany(item: z.ZodString, rule: string) {
  return z.union([item, z.array(item, rule)], rule);
}

/** Variables at any level; also a file of `-e @file.yaml`. */
export const varsSchema = record(z.string().regex(VAR_NAME, VAR_RULE), json)
  .nullish()
  .describe('Variables. A nearer level replaces a variable of a farther one whole.')
  .meta({ id: 'vars' });

const connection = {
  user: user
    .optional()
    .describe('Login name on the host. Without it ssh_config decides, then your own name.'),
  port: port.optional().describe('Port of sshd. Without it ssh_config decides, then 22.'),
  identity: oneOrMany(line, 'must be a path or a list of paths')
    .optional()
    .describe('Private key file or files. ~ is your home; a relative path starts at this file.'),
  known_hosts: oneOrMany(line, 'must be a path or a list of paths')
    .optional()
    .describe('known_hosts file or files to use instead of those of ssh.'),
  jump: oneOrMany(hostName, 'must be the name of a host or a list of them')
    .optional()
    .describe(
      'Hosts to go through, the nearest to you first. [] for none. They must be hosts of this inventory.',
    ),
  host_key: oneOrMany(fingerprint, PIN_RULE)
    .optional()
    .describe(
      'Fingerprint or fingerprints the host key must have. They alone decide; known_hosts is not read.',
    ),
  transport: z
    .enum(['auto', 'ssh2', 'openssh'], 'must be auto, ssh2 or openssh')
    .optional()
    .describe('auto: the built-in client unless the host needs something only OpenSSH has.'),
};

const domains = {
  zone: domain.optional().describe('Failure domain, e.g. an availability zone.'),
  region: domain.optional().describe('Failure domain around zones.'),
};

const cordon = mapping({
  reason: line.describe('Why the host is kept out; shown in every plan.'),
  until: z.iso
    .date('must be a date such as 2026-12-01')
    .optional()
    .describe('Last day (UTC) on which the host is kept out. Without it: for ever.'),
}).describe('Keeps the host out of every deployment.');

const instanceVars = record(z.string().regex(VAR_NAME, VAR_RULE), json)
  .nullable()
  .describe('Variables of this instance. `port` and names ending in `_port` must differ on a host.');

const instances = z
  .union(
    [
      record(instanceName, instanceVars),
      z.array(z.union([instanceName, z.int()], 'must be the name of an instance')),
    ],
    'must be a mapping of instances or a list of their names',
  )
  .nullish();

const group = mapping({
  hosts: z
    .array(hostPattern, 'must be a list of hosts')
    .nullish()
    .describe('Hosts and ranges of them: edge-[01:20], db-[a:c], rack[1:3]-[01:10:2].'),
  children: z
    .array(groupRef, 'must be a list of groups')
    .nullish()
    .describe('Groups whose hosts belong to this one.'),
  vars: varsSchema,
  ...domains,
  ...connection,
});

const host = mapping({
  address: line
    .optional()
    .describe(
      'DNS name or IP address. Without it the name, which may be a Host of ssh_config. May be a range.',
    ),
  ...connection,
  ...domains,
  vars: varsSchema,
  cordon: cordon.optional(),
  instances: record(serviceName, instances)
    .nullish()
    .describe('By service: a list of the instances this host runs, or variables for them.'),
});

const service = mapping({
  on: line
    .optional()
    .describe('Selector of the hosts it runs on, e.g. edge:!edge-09. Without it: hosts that list it.'),
  instances: instances.describe(
    'Instances on each host, by name, with their variables. Without it: one, named 1.',
  ),
  vars: varsSchema,
});

/** What an inventory file may hold; the JSON Schema and the types come from here. */
export const inventorySchema = mapping({
  defaults: mapping(connection)
    .nullish()
    .describe('Connection of every host, unless a group or the host differs.'),
  vars: varsSchema,
  groups: record(groupName, group.nullable()).nullish().describe('Named sets of hosts.'),
  hosts: record(z.string(), host.nullable())
    .nullish()
    .describe('What is particular to a host or a range of hosts. A host may also stand in a group only.'),
  services: record(serviceName, service.nullable())
    .nullish()
    .describe('What is deployed, where, in how many instances.'),
}).meta({
  title: 'pdeploy inventory',
  description: 'Hosts, groups, variables and services of one environment.',
});

const URL_RULE = 'must be an https URL, or !secret NAME for one';
const address = z.union(
  [z.string().regex(/^https:\/\/\S+$/, URL_RULE), z.looseObject({ '!secret': z.any() })],
  URL_RULE,
);
const NOTIFY_RULE = 'must be webhook: URL, slack: URL, sendmail: ADDRESS or exec: [PROGRAM, ...]';
const notifyTarget = z.union(
  [
    z.strictObject({ webhook: address }),
    z.strictObject({ slack: address }),
    z.strictObject({
      sendmail: z.string().regex(/^[^\s@-][^\s@]*@[^\s@]+$/, 'must be an address of e-mail'),
    }),
    z.strictObject({ exec: z.array(line).min(1) }),
  ],
  NOTIFY_RULE,
);

/** `pdeploy.yaml` and the user's own settings file. */
export const settingsSchema = mapping({
  inventory: line.optional().describe('Inventory to use when none is named.'),
  forks: z
    .int('must be a whole number from 1 to 1000')
    .min(1, 'must be a whole number from 1 to 1000')
    .max(1000, 'must be a whole number from 1 to 1000')
    .optional()
    .describe('Hosts prepared at once.'),
  state: line.optional().describe('Folder of the state; a relative path starts at this file.'),
  notify: z
    .array(notifyTarget, 'must be a list')
    .optional()
    .describe('Who is told when a scheduled job fails.'),
});

export type RawInventory = z.output<typeof inventorySchema>;
export type RawHost = z.output<typeof host>;
export type RawGroup = z.output<typeof group>;
export type RawService = z.output<typeof service>;
export type RawInstances = z.output<typeof instances>;
export type RawConnection = z.output<z.ZodObject<typeof connection>>;

/** Keys each kind of mapping may have, by how messages call it. */
export const KNOWN_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['an inventory', Object.keys(inventorySchema.shape)],
  ['defaults', Object.keys(connection)],
  ['a group', Object.keys(group.shape)],
  ['a host', Object.keys(host.shape)],
  ['a service', Object.keys(service.shape)],
  ['a cordon', Object.keys(cordon.shape)],
  ['the settings', Object.keys(settingsSchema.shape)],
]);
