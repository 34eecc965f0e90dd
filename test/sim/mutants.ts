// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of code
/** A mistake that somebody could make: one piece of a file is replaced by another before it is loaded. */
export type Mutant = {
  readonly name: string;
  /** Pairs of place and fault, in every one of its stories: of those it is found within `SEEDS`. */
  readonly faults: readonly string[];
  /** End of the path of the one file. */
  readonly file: string;
  /** Occurs once in it. */
  readonly is: string;
  readonly becomes: string;
};

const AGENT = '/test/sim/host/agent';

/** Of the agent, in its simulation. */
const OF_THE_AGENT: readonly Mutant[] = [
  {
    name: 'a commit does not look whether it is the first to decide',
    faults: ['event.instance.healthy freeze'],
    file: `${AGENT}/trial.ts`,
    is: '  else if (!host.disk.has(`${at.I}/committed.${op}`)) {',
    becomes: '  else if (host.disk.read(op) === op) {',
  },
  {
    name: 'a rollback goes on although the rename was lost',
    faults: [],
    file: `${AGENT}/back.ts`,
    is: '`${at.I}/rolledback.${call.op}`)) return false;',
    becomes: '`${at.I}/rolledback.${call.op}`)) call.op += "";',
  },
  {
    name: 'the guard is armed after the switch',
    faults: ['event.update.switched kill-after'],
    file: `${AGENT}/trial.ts`,
    is: "  const arming = host.start('arm', arm(host, at, op, guard * 1_000));",
    becomes:
      "  const arming = host.start('arm', (function* () { yield* step('guard.arm', 60_000); yield* arm(host, at, op, guard * 1_000); })());",
  },
  {
    name: 'nobody arms the guard',
    faults: ['event.update.switched kill-after'],
    file: `${AGENT}/trial.ts`,
    is: '  if (!host.arm(`pdeploy-guard-${op}`, ms, fire)) throw',
    becomes: '  if (fire === undefined) throw',
  },
  {
    name: 'no verb looks at the epoch',
    faults: ['event.lease.lost kill-after'],
    file: `${AGENT}/lease.ts`,
    is: "  if (lease.epoch === call.number('epoch', -1) && lease.deployment === call.text('deployment')) {",
    becomes: '  if (lease.epoch >= 0) {',
  },
  {
    name: 'the epoch begins anew with every lease',
    faults: [],
    file: `${AGENT}/lease.ts`,
    is: '  return Math.max(stored, readLease(call)?.epoch ?? 0);',
    becomes: '  return Math.min(stored, 0);',
  },
  {
    name: 'a lease is given on a plan of what was there before others',
    faults: ['operators 2'],
    file: `${AGENT}/lease.ts`,
    is: "      if (call.text('seen') !== '' && lease?.deployment !== call.text('deployment')) refuseMoved(call);",
    becomes: '',
  },
  {
    name: 'who looks does not wait for who gives a lease out',
    faults: ['operators 5', 'step.observe kill'],
    file: `${AGENT}/look.ts`,
    is: "  yield* call.lock(10, 'fence');\n",
    becomes: '',
  },
  {
    name: 'nobody notices who goes on with a lease that ran out',
    faults: ['event.prepare.completed freeze', 'call.drain asleep', 'step.guard.arm kill'],
    file: `${AGENT}/lease.ts`,
    is: '    if (!leaseHolds(call)) goOn(call);\n',
    becomes: '',
  },
  {
    name: 'a trial of an earlier boot is committed',
    faults: ['step.sample power', 'step.boot.recover kill'],
    file: `${AGENT}/trial.ts`,
    is: "  yield* settleOverdue(call, at);\n  yield* call.mustLock();\n  requireEpoch(call);\n  yield* step('commit.rename');",
    becomes: "  yield* call.mustLock();\n  requireEpoch(call);\n  yield* step('commit.rename');",
  },
  {
    name: 'the epoch is not synced',
    faults: ['event.deployment.finished operator', 'step.observe power'],
    file: `${AGENT}/lease.ts`,
    is: '`${epoch}\\n`);\n  disk.sync(`${S}/epoch.new`);',
    becomes: '`${epoch}\\n`);',
  },
  {
    name: 'a pending record is not synced',
    faults: ['step.sample power'],
    file: `${AGENT}/record.ts`,
    is: '`${at.I}/pending.${trial.op}`, at.I);',
    becomes: '`${at.I}/.none`);',
  },
  {
    name: 'a commit is answered before it is on disk',
    faults: ['step.durable.done power'],
    file: `${AGENT}/trial.ts`,
    is: "  yield* step('commit.sync');\n  host.disk.sync(at.I);",
    becomes: "  yield* step('commit.sync');",
  },
  {
    name: 'the durable link is not synced',
    faults: ['step.finish.marks power'],
    file: `${AGENT}/commit.ts`,
    is: '  disk.sync(dirOf(at.C), dirOf(at.wants));',
    becomes: '  disk.sync(dirOf(at.wants));',
  },
  {
    name: 'a release is visible before it is on disk',
    faults: ['step.stage.sync-dir power'],
    file: `${AGENT}/prepare.ts`,
    is: "  yield* step('stage.sync');\n  disk.sync(`${incoming}/release`);",
    becomes: "  yield* step('stage.sync');",
  },
  {
    name: 'the durable unit is not synced before its rename',
    faults: ['step.finish.marks power'],
    file: `${AGENT}/units.ts`,
    is: "    yield* step('unit.sync');\n    host.disk.sync(temp);",
    becomes: "    yield* step('unit.sync');",
  },
  {
    name: 'a trial moves the durable link',
    faults: ['step.sample power'],
    file: `${AGENT}/trial.ts`,
    is: '  host.run.set(at.L, `${at.R}/${trial.to}`);',
    becomes: '  host.run.set(at.L, `${at.R}/${trial.to}`);\n  host.disk.link(at.C, `${at.R}/${trial.to}`);',
  },
  {
    name: 'going back forgets the unit of the trial',
    faults: [],
    file: `${AGENT}/back.ts`,
    is: '  if (host.run.has(`${CONTROL}/${at.unit}`)) {\n    yield* dropVolatile(host, at);',
    becomes: '  if (host.run.has(`${CONTROL}/${at.unit}.none`)) {\n    yield* dropVolatile(host, at);',
  },
  {
    name: 'going back restarts nothing',
    faults: [],
    file: `${AGENT}/back.ts`,
    is: "  if (by !== 'reboot' && trial?.fresh !== 1 && !(yield* host.systemd.restart(at.unit))) restored = '0';",
    becomes: '',
  },
  {
    name: 'who finds that it has to go back does not look whether another has',
    faults: ['step.volatile.write guard', 'call.activate twice'],
    file: `${AGENT}/back.ts`,
    is: '  const restored = (yield* awaitRestored(call, at, by)) ?? (yield* goBack(call, at, by));',
    becomes:
      '  yield* restoreLock(at, 120);\n  const restored = yield* goBack(call, at, by);\n  yield* restoreUnlock(at);',
  },
  {
    name: 'a way back that no disk had room to record is forgotten',
    faults: ['call.rollback twice', 'step.restore.link full'],
    file: `${AGENT}/back.ts`,
    is: "  if (restored !== '') noteRestored(call, at, restored);",
    becomes: "  if (restored !== '') return '';",
  },
  {
    name: 'a unit that somebody was killed over is taken for safe',
    faults: ['step.unit.sync-dir kill', 'step.durable.done power'],
    file: `${AGENT}/prepare.ts`,
    is: '      host.disk.sync(SYSTEM);\n      continue;',
    becomes: '      continue;',
  },
  {
    name: 'a boot leaves the trials of the boot before',
    faults: ['step.sample power'],
    file: '/test/sim/host/recover.ts',
    is: "    if (state === 'pending' && trial.boot !== String(host.bootId)) yield* rollBack(call, at, 'reboot');",
    becomes: '',
  },
  {
    name: 'a boot leaves commits half done',
    faults: ['step.durable.current power'],
    file: '/test/sim/host/recover.ts',
    is: "    if (state === 'committed' && !trial.done) {",
    becomes: "    if (state === 'committed' && trial.op === '') {",
  },
  {
    name: 'a trial begins before the commit that it builds on is carried out',
    faults: ['event.revert.started kill-before', 'step.durable.current kill'],
    file: `${AGENT}/trial.ts`,
    is: '  yield* carryOut(host, at);\n',
    becomes: '',
  },
];

/** Of draining, in its simulation. */
const OF_DRAINING: readonly Mutant[] = [
  {
    name: 'what is out is not noted',
    faults: ['step.drain.set kill'],
    file: `${AGENT}/drain.ts`,
    is: "  host.run.set(target.note, words.join(' '));",
    becomes: '  if (words.length === 0) return;',
  },
  {
    name: 'a timer brings back what was taken out anew',
    faults: ['event.update.switched freeze'],
    file: `${AGENT}/drain.ts`,
    is: 'const EARLY_TICKS = 100;',
    becomes: 'const EARLY_TICKS = 10_000_000;',
  },
  {
    name: 'a request to drain that comes again keeps the timer of the first',
    faults: ['call.drain twice'],
    file: `${AGENT}/drain.ts`,
    is: '  host.disarm(`pdeploy-undrain-${call.op}`);\n',
    becomes: '',
  },
  {
    name: 'who wakes up takes over what the next deployment has out',
    faults: ['event.drain.started freeze', 'event.lease.lost operator'],
    file: `${AGENT}/drain.ts`,
    is: '  refuseOvertaken(call, target);\n',
    becomes: '',
  },
  {
    name: 'who wakes up brings back what the next deployment has out',
    faults: ['event.drain.started freeze', 'event.lease.lost operator'],
    file: `${AGENT}/drain.ts`,
    is: "  return deployment === '' || call.host.run.get(note)?.split(' ')[1] === deployment;",
    becomes: "  return deployment === '' || call.host.run.has(note);",
  },
];

/** Of pdeploy itself. */
const OF_PDEPLOY: readonly Mutant[] = [
  {
    name: 'a call is made before its event is recorded',
    faults: [],
    file: '/src/execute/update-instance.ts',
    is: "  recorder.record({ type: 'update.started', instance: id, opId, from: at.instance.from, to: at.instance.to });\n  if (context.drains.has(at, 'update')) {",
    becomes:
      "  setTimeout(() => recorder.record({ type: 'update.started', instance: id, opId, from: at.instance.from, to: at.instance.to }), 50);\n  if (context.drains.has(at, 'update')) {",
  },
  {
    name: 'a commit is asked for before the record calls the instance healthy',
    faults: [],
    file: '/src/execute/update-instance.ts',
    is: '    if (throughMs(at) === 0) return commitTrial(context, at, opId);\n',
    becomes: '    if (throughMs(at) === 0) return;\n',
  },
  {
    name: 'an unknown commit is taken for one that was made',
    faults: ['call.commit lost-before'],
    file: '/src/execute/update-instance.ts',
    is: "  if (result.kind === 'ok') {\n    context.recorder",
    becomes: "  if (result.kind !== 'error') {\n    context.recorder",
  },
  {
    name: 'an unhealthy trial is committed',
    faults: ['event.instance.failed kill-before'],
    file: '/src/execute/update-instance.ts',
    is: "  if (result.kind === 'healthy') {",
    becomes: "  if (result.kind !== 'ended') {",
  },
  {
    name: 'a failed instance stops nothing',
    faults: ['event.rollback.started kill-before'],
    file: '/src/rollout/halt.ts',
    is: '  if (last === undefined || failed.length <= budget) return undefined;',
    becomes: '  if (last === undefined || failed.length <= budget + 9) return undefined;',
  },
  {
    name: 'a wave is opened before the one before it has ended',
    faults: [],
    file: '/src/rollout/decide-waves.ts',
    is: "  if (flying) return wait('in-flight', progressDeadline(state));",
    becomes: '',
  },
  {
    name: 'a resume takes what was in flight for done',
    faults: ['event.update.switched kill-after'],
    file: '/src/rollout/transition.ts',
    is: "isInFlight(i) ? { ...i, status: 'interrupted' } : i",
    becomes: "isInFlight(i) ? { ...i, status: 'committed' } : i",
  },
  {
    name: 'a stale token confirms: a resume commits without a look at the host',
    faults: ['event.update.reset kill-before'],
    file: '/src/execute/recheck-instance.ts',
    is: "    case 'none':\n",
    becomes:
      "    case 'none':\n      recorder.record({ type: 'instance.committed', instance });\n      return;\n",
  },
  {
    name: 'an instance is brought back before its host has taken the trial back',
    faults: ['event.update.switched kill-after', 'call.drain late-reply'],
    file: '/src/execute/drain/drains.ts',
    is: ' + LATE_MS + wayBackMs(at)) / 1_000',
    becomes: ') / 1_000',
  },
  {
    name: 'a balancer that did not answer is taken for one that waited',
    faults: ['step.drain.wait reboot'],
    file: '/src/execute/drain/on-host.ts',
    is: "? decodeLeft(result.lines) : 'lost';",
    becomes: '? decodeLeft(result.lines) : undefined;',
  },
  {
    name: 'a failed instance is never brought back',
    faults: ['event.rollback.started kill-before', 'call.drain twice'],
    file: '/src/execute/revert-instance.ts',
    is: '  const stuck = await context.drains.undrain(at);',
    becomes: '  const stuck = undefined;',
  },
  {
    name: 'an instance is restarted although it could not be drained',
    faults: ['event.drain.failed gone'],
    file: '/src/execute/update-instance.ts',
    is: '    if (refused !== undefined) return notDrained(context, at, refused);',
    becomes: '',
  },
  {
    name: 'a controller that slept does not drain again',
    faults: ['event.drain.finished freeze'],
    file: '/src/execute/drain/drains.ts',
    is: '    if (refused !== undefined || gone.aborted || Date.now() - begun <= waitMs + LATE_MS) return refused;',
    becomes: '    if (begun > 0 || waitMs >= 0) return refused;',
  },
  {
    name: 'an instance that its host took back gets traffic before it serves',
    faults: ['event.drain.finished freeze', 'step.switch.progress guard'],
    file: '/src/execute/update-instance.ts',
    is: '  if (known?.restored === true) await formerServes(context, at, opId);\n',
    becomes: '',
  },
  {
    name: 'what is out on a host of somebody else is brought back before its guard',
    faults: ['call.lease twice', 'call.drain late-reply'],
    file: '/src/execute/run-deployment.ts',
    is: "state.leaseLost === undefined || instance.status !== 'failed' || !needsRevert(instance);",
    becomes: 'state.seq >= 0;',
  },
  {
    name: 'a plan does not say what it saw of the lease',
    faults: ['operators 3'],
    file: '/src/execute/lease.ts',
    is: "{ action: 'acquire', ...(seenEpoch === undefined ? {} : { seenEpoch }) }",
    becomes: "{ action: 'acquire' }",
  },
  {
    name: 'all leases are asked for at once',
    faults: ['operators 5'],
    file: '/src/execute/lease.ts',
    is: '  const [first, ...rest] = sorted;',
    becomes: '  const [first, ...rest] = [undefined, ...sorted];',
  },
  {
    name: 'a lost lease stops nobody',
    faults: ['event.lease.lost operator'],
    file: '/src/rollout/halt.ts',
    is: "  if (state.leaseLost !== undefined) return { why: 'lease', cause: state.leaseLost };",
    becomes: '',
  },
  {
    name: 'a resume does not ask who was there meanwhile',
    faults: ['event.lease.lost kill-before'],
    file: '/src/execute/overtaken.ts',
    is: '    if (possible(instance, others).includes(seen.current)) continue;',
    becomes: '    if (host !== undefined) continue;',
  },
  {
    name: 'a resume takes the same release for its own, whoever has brought it',
    faults: ['event.lease.lost kill-before', 'operators 2'],
    file: '/src/execute/overtaken.ts',
    is: '  const both = others ? [from] : [from, to];',
    becomes: '  const both = others ? [from, to] : [from, to];',
  },
  {
    name: 'an error of the record is left to the transport',
    faults: ['event.health.probed full'],
    file: '/src/execute/gate.ts',
    is: '      broken ??= { error };\n      stop.abort();',
    becomes: '      throw error;',
  },
  {
    name: 'two operators of a minute may have one id',
    faults: ['event.deployment.started operator'],
    file: '/src/state/deployment-id.ts',
    is: 'const PAIRS = 3;',
    becomes: 'const PAIRS = 0;',
  },
];

/** Seeds within which each is found. */
export const SEEDS = 600;

export const MUTANTS: readonly Mutant[] = [...OF_THE_AGENT, ...OF_DRAINING, ...OF_PDEPLOY];
