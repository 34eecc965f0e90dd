import type { EventOf, EventType } from '../model/event.ts';

/** Fields every event has. */
export const COMMON_FIELDS = {
  v: 'version of this format, now 1; a field may be added without a new one, none is taken away',
  seq: 'place in the log of its deployment, from 1, without gaps',
  at: 'wall-clock time of the controller, ISO 8601 in UTC',
  t: 'milliseconds since the deployment started, by a clock that never goes back',
  deployment: 'id of the deployment',
  type: 'what happened: one of the types below',
} as const;

type Own<T extends EventType> = Exclude<keyof EventOf<T>, keyof typeof COMMON_FIELDS>;

/** What an event says, and each of its own fields. A type or a field without words does not compile. */
type Reference = {
  readonly [T in EventType]: { readonly says: string; readonly fields: { readonly [F in Own<T>]-?: string } };
};

const HOST = 'name of the host';
const INSTANCE = '`host@name`';
const OP = 'id of the operation on the host; a repeated one acts once';
const MS = 'duration, milliseconds';
const BY = 'who asked for it';
const THROUGH = 'by what: `haproxy lb-1`, `file /run/edge/1.drain`, `http lb.example.com`, `exec drain`';
const FAILURE = '`{code, message}`: a stable code and words for people';
const EVIDENCE =
  "the host's own words, when it could be asked: `{unitState, result, pid, restarts, listens, release, logs}`";
const WHY = 'why, in words';

export const EVENT_REFERENCE: Reference = {
  'deployment.started': {
    says: 'A deployment begins. Always the first event.',
    fields: {
      actor: 'who runs it',
      service: 'what is deployed',
      inventory: 'name of the inventory',
      from: 'id of the release most instances run; empty for a first installation',
      to: 'id of the new release',
      label: 'the name people gave the new release',
      hosts: 'how many hosts it is about',
      instances: 'how many instances it is about',
      plan: 'id of the plan it performs',
    },
  },
  'lease.acquired': {
    says: 'The lease of a host is held; nobody else deploys there.',
    fields: { host: HOST, epoch: 'fencing number: the host refuses a lower one' },
  },
  'lease.lost': {
    says: 'A host does not hold its lease for this deployment any more. Nothing more is done there.',
    fields: { host: HOST, holder: 'who has it now; empty when nobody has' },
  },
  'prepare.started': {
    says: 'A host gets the release. Nothing that runs is touched.',
    fields: { host: HOST },
  },
  'prepare.finished': {
    says: 'A host has the release, every digest read again.',
    fields: { host: HOST, bytesSent: 'bytes sent to it', ms: MS, changes: 'steps that changed something' },
  },
  'prepare.failed': {
    says: 'A host could not be prepared.',
    fields: { host: HOST, failure: FAILURE, unreachable: 'true when the connection was the trouble' },
  },
  'host.skipped': {
    says: 'A host is left out of this deployment (`onUnreachable: skip`).',
    fields: { host: HOST, why: WHY },
  },
  'host.deferred': {
    says: 'A host is tried again at the end (`onUnreachable: defer`).',
    fields: { host: HOST, why: WHY },
  },
  'prepare.completed': {
    says: 'All hosts are prepared or left out; from here on instances are touched.',
    fields: {},
  },
  'wave.started': {
    says: 'The instances of a wave are next.',
    fields: {
      wave: 'number of the wave, from 1',
      instances: 'ids of its instances',
      canary: 'true for the wave that is watched before the others may go',
    },
  },
  'wave.finished': {
    says: 'All instances of a wave are healthy and committed.',
    fields: { wave: 'its number', ms: MS },
  },
  'update.started': {
    says: 'An instance is about to be switched. Written before its host is told.',
    fields: {
      instance: INSTANCE,
      opId: OP,
      from: 'release directory it runs',
      to: 'release directory it will run',
    },
  },
  'drain.started': {
    says: 'An instance is taken out of traffic before it is touched.',
    fields: { instance: INSTANCE, through: THROUGH },
  },
  'drain.finished': {
    says: 'It gets no new requests, and those in flight are done or have had their time.',
    fields: {
      instance: INSTANCE,
      through: THROUGH,
      ms: MS,
      left: 'requests in flight when the time was over; absent when nobody can tell',
    },
  },
  'drain.failed': {
    says: 'It could not be taken out of traffic. An update is not begun then; a way back is gone all the same.',
    fields: { instance: INSTANCE, failure: FAILURE },
  },
  'undrain.finished': {
    says: 'It is back in traffic, and seen up by what balances it.',
    fields: { instance: INSTANCE, through: THROUGH, ms: MS },
  },
  'undrain.failed': {
    says: 'It is not back in traffic. It is tried again on its way back, by a resume, and by the guard of its balancer.',
    fields: { instance: INSTANCE, failure: FAILURE },
  },
  'traffic.seen': {
    says: 'Asked through its balancers over new connections, it answered as the release that it should run.',
    fields: {
      instance: INSTANCE,
      through: 'the balancers that were asked',
      asked: 'requests until it had answered often enough: balancers spread them over all instances',
      ms: MS,
    },
  },
  'traffic.failed': {
    says: 'It did not answer as it should through its balancers. An update goes back then.',
    fields: { instance: INSTANCE, failure: FAILURE },
  },
  'update.switched': {
    says: 'The instance runs the new release, on trial: without a commit its host goes back by itself.',
    fields: { instance: INSTANCE, pid: 'its new main process', ms: MS },
  },
  'health.probed': {
    says: 'One round of probes of an instance on trial.',
    fields: {
      instance: INSTANCE,
      sample:
        '`{at, ok, proof: {ok, why}, pid, restarts, checks: [{name, ok, detail}], final}`; `final`: no use in waiting',
      healthyForMs: 'for how long every round was good, milliseconds',
      needMs: 'how long that has to be, milliseconds',
    },
  },
  'instance.healthy': {
    says: 'The instance has passed its health gate.',
    fields: { instance: INSTANCE, ms: 'since the switch, milliseconds', probes: 'rounds of probes' },
  },
  'instance.committed': {
    says: 'Its host keeps the new release from now on, also over a reboot.',
    fields: { instance: INSTANCE },
  },
  'instance.failed': {
    says: 'The instance did not become healthy, or could not be switched.',
    fields: {
      instance: INSTANCE,
      failure: FAILURE,
      evidence: EVIDENCE,
      unreachable: 'true when the host could not be asked',
      restored: 'true when the host has gone back by itself already',
    },
  },
  'recheck.started': {
    says: 'After a resume: an instance that was in flight is looked at on its host.',
    fields: { instance: INSTANCE },
  },
  'update.reset': {
    says: 'The look at it said that its host never began: it is as it was before.',
    fields: { instance: INSTANCE, why: WHY },
  },
  'revert.started': {
    says: 'An instance is taken back.',
    fields: { instance: INSTANCE, opId: OP, to: 'release directory it goes back to; empty: it is removed' },
  },
  'instance.reverted': {
    says: 'An instance is back and healthy.',
    fields: { instance: INSTANCE, to: 'release directory it runs', ms: MS },
  },
  'revert.failed': {
    says: 'An instance could not be taken back: a person is needed.',
    fields: {
      instance: INSTANCE,
      failure: FAILURE,
      evidence: EVIDENCE,
      fix: 'the commands to type, in order',
    },
  },
  'rollback.started': {
    says: 'Instances that were switched are to be taken back, newest first.',
    fields: {
      cause: 'what made it necessary',
      scope: '`instance`, `wave`, `deployment` or `none`',
      instances: 'ids of those to be taken back',
    },
  },
  'deployment.paused': { says: 'No new instance is begun until it is continued.', fields: { by: BY } },
  'deployment.continued': { says: 'A paused deployment goes on.', fields: { by: BY } },
  'deployment.promoted': { says: 'The canary was accepted; the other waves may go.', fields: { by: BY } },
  'deployment.aborted': { says: 'The deployment ends and what was switched goes back.', fields: { by: BY } },
  'deployment.stopping': {
    says: 'The deployment ends after the instances in hand; it can be resumed.',
    fields: { by: BY },
  },
  'deployment.resumed': { says: 'An interrupted deployment goes on.', fields: { actor: 'who runs it now' } },
  'hook.finished': {
    says: 'A command of the playbook has ended.',
    fields: { hook: 'its name', ok: 'did it end well', ms: MS, output: 'the end of what it printed' },
  },
  note: {
    says: 'Something a person should know.',
    fields: { level: '`info` or `warn`', text: 'the words', host: `${HOST}, when it is about one` },
  },
  'deployment.finished': {
    says: 'The deployment has ended. The last event, unless it is resumed.',
    fields: {
      outcome: '`succeeded`, `unchanged`, `rolled-back`, `failed`, `interrupted` or `aborted`',
      cause: 'why it ended so, in words; empty when it went well',
      ms: MS,
      release: 'id of the release the fleet is on',
      counts: '`{total, current, old, healthy, untouched, failed}`: instances by how they ended',
    },
  },
};

/** The page `docs/events.md`. `example`: lines of a log. */
export function eventReferencePage(example: readonly string[]): string {
  const rows = (fields: { readonly [name: string]: string }) =>
    Object.entries(fields).map(([name, words]) => `| \`${name}\` | ${words} |`);
  const types = Object.entries(EVENT_REFERENCE).flatMap(([type, { says, fields }]) => {
    const own = rows(fields);
    return [`### ${type}`, says, ...(own.length === 0 ? [] : ['', '| field | |', '|---|---|', ...own]), ''];
  });
  return `${[
    '# Events',
    '',
    '<!-- Made from src/report/event-reference.ts; do not edit. `npx vitest run test/report -u` makes it again. -->',
    '',
    'Everything a deployment does is one stream of events. They are kept in the state store, each before the effect it',
    'announces, as a chain of hashes (see [state.md](state.md)); `pdeploy rollout --output jsonl` writes them to standard',
    'output, one JSON object a line, and `pdeploy report DEPLOYMENT --output jsonl` gives those of the past. Times and',
    'durations are milliseconds, sizes bytes. A reader has to pass over types and fields it does not know.',
    '',
    'Texts that come from hosts (`logs`, `detail`, `output`) are kept as they are; in JSON lines every character a terminal',
    'may act on is escaped, elsewhere it is taken out.',
    '',
    '## Fields of every event',
    '',
    '| field | |',
    '|---|---|',
    ...rows(COMMON_FIELDS),
    '',
    '## Types',
    '',
    ...types,
    '## Example',
    '',
    'One instance, rolled out:',
    '',
    '```json',
    ...example,
    '```',
  ].join('\n')}\n`;
}
