// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of code
/** A mistake that somebody could make: one piece of a file is replaced by another before it is loaded. */
export type Mutant = {
  readonly name: string;
  /** Where to begin: it is found within `SEEDS` from here. */
  readonly from: number;
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
    from: 95,
    file: `${AGENT}/trial.ts`,
    is: '  else if (!host.disk.has(`${at.I}/committed.${op}`)) {',
    becomes: '  else if (host.disk.read(op) === op) {',
  },
  {
    name: 'a rollback goes on although the rename was lost',
    from: 1,
    file: `${AGENT}/back.ts`,
    is: '`${at.I}/rolledback.${call.op}`)) return false;',
    becomes: '`${at.I}/rolledback.${call.op}`)) call.op += "";',
  },
  {
    name: 'the guard is armed after the switch',
    from: 22,
    file: `${AGENT}/trial.ts`,
    is: "  const arming = host.start('arm', arm(host, at, op, guard * 1_000));",
    becomes:
      "  const arming = host.start('arm', (function* () { yield* step('guard.arm', 60_000); yield* arm(host, at, op, guard * 1_000); })());",
  },
  {
    name: 'nobody arms the guard',
    from: 32,
    file: `${AGENT}/trial.ts`,
    is: '  if (!host.arm(`pdeploy-guard-${op}`, ms, fire)) throw',
    becomes: '  if (fire === undefined) throw',
  },
  {
    name: 'no verb looks at the epoch',
    from: 725,
    file: `${AGENT}/lease.ts`,
    is: "  if (lease.epoch === call.number('epoch', -1) && lease.deployment === call.text('deployment')) return;",
    becomes: '  return;',
  },
  {
    name: 'the epoch begins anew with every lease',
    from: 1,
    file: `${AGENT}/lease.ts`,
    is: '  return Math.max(stored, readLease(call)?.epoch ?? 0);',
    becomes: '  return Math.min(stored, 0);',
  },
  {
    name: 'the epoch is not synced',
    from: 516909,
    file: `${AGENT}/lease.ts`,
    is: '  disk.sync(`${S}/epoch.new`);',
    becomes: '',
  },
  {
    name: 'a pending record is not synced',
    from: 216,
    file: `${AGENT}/record.ts`,
    is: '`${at.I}/pending.${trial.op}`, at.I);',
    becomes: '`${at.I}/.none`);',
  },
  {
    name: 'a commit is answered before it is on disk',
    from: 216,
    file: `${AGENT}/trial.ts`,
    is: "  yield* step('commit.sync');\n  host.disk.sync(at.I);",
    becomes: "  yield* step('commit.sync');",
  },
  {
    name: 'the durable link is not synced',
    from: 371,
    file: `${AGENT}/commit.ts`,
    is: '  disk.sync(dirOf(at.C), dirOf(at.wants));',
    becomes: '  disk.sync(dirOf(at.wants));',
  },
  {
    name: 'a release is visible before it is on disk',
    from: 216,
    file: `${AGENT}/prepare.ts`,
    is: "  yield* step('stage.sync');\n  disk.sync(`${incoming}/release`);",
    becomes: "  yield* step('stage.sync');",
  },
  {
    name: 'the durable unit is not synced before its rename',
    from: 531,
    file: `${AGENT}/units.ts`,
    is: "    yield* step('unit.sync');\n    host.disk.sync(temp);",
    becomes: "    yield* step('unit.sync');",
  },
  {
    name: 'a trial moves the durable link',
    from: 2059,
    file: `${AGENT}/trial.ts`,
    is: '  host.run.set(at.L, `${at.R}/${trial.to}`);',
    becomes: '  host.run.set(at.L, `${at.R}/${trial.to}`);\n  host.disk.link(at.C, `${at.R}/${trial.to}`);',
  },
  {
    name: 'going back forgets the unit of the trial',
    from: 1,
    file: `${AGENT}/back.ts`,
    is: '  if (host.run.has(`${CONTROL}/${at.unit}`)) {\n    yield* dropVolatile(host, at);',
    becomes: '  if (host.run.has(`${CONTROL}/${at.unit}.none`)) {\n    yield* dropVolatile(host, at);',
  },
  {
    name: 'going back restarts nothing',
    from: 1,
    file: `${AGENT}/back.ts`,
    is: "  if (by !== 'reboot' && trial?.fresh !== 1 && !(yield* host.systemd.restart(at.unit))) restored = '0';",
    becomes: '',
  },
  {
    name: 'who finds that it has to go back does not look whether another has',
    from: 500363,
    file: `${AGENT}/back.ts`,
    is: '  const restored = (yield* awaitRestored(call, at, by)) ?? (yield* goBack(call, at, by));',
    becomes:
      '  yield* restoreLock(at, 120);\n  const restored = yield* goBack(call, at, by);\n  yield* restoreUnlock(at);',
  },
  {
    name: 'a way back that no disk had room to record is forgotten',
    from: 38638,
    file: `${AGENT}/back.ts`,
    is: "  if (restored !== '') noteRestored(call, at, restored);",
    becomes: "  if (restored !== '') return '';",
  },
  {
    name: 'a unit that somebody was killed over is taken for safe',
    from: 53129,
    file: `${AGENT}/prepare.ts`,
    is: '      host.disk.sync(SYSTEM);\n      continue;',
    becomes: '      continue;',
  },
  {
    name: 'a boot leaves the trials of the boot before',
    from: 14,
    file: '/test/sim/host/recover.ts',
    is: "    if (state === 'pending' && trial.boot !== String(host.bootId)) yield* rollBack(call, at, 'reboot');",
    becomes: '',
  },
  {
    name: 'a boot leaves commits half done',
    from: 21,
    file: '/test/sim/host/recover.ts',
    is: "    if (state === 'committed' && !trial.done) {",
    becomes: "    if (state === 'committed' && trial.op === '') {",
  },
  {
    name: 'a trial begins before the commit that it builds on is carried out',
    from: 725,
    file: `${AGENT}/trial.ts`,
    is: '  yield* carryOut(host, at);\n',
    becomes: '',
  },
];

/** Of pdeploy itself. */
const OF_PDEPLOY: readonly Mutant[] = [
  {
    name: 'a call is made before its event is recorded',
    from: 0,
    file: '/src/execute/update-instance.ts',
    is: "  recorder.record({ type: 'update.started', instance: id, opId, from: at.instance.from, to: at.instance.to });\n  const trialMs",
    becomes:
      "  setTimeout(() => recorder.record({ type: 'update.started', instance: id, opId, from: at.instance.from, to: at.instance.to }), 50);\n  const trialMs",
  },
  {
    name: 'a commit is asked for before the record calls the instance healthy',
    from: 0,
    file: '/src/execute/update-instance.ts',
    is: '    if (refused === undefined) return commitTrial(context, at, opId);\n',
    becomes: '    if (refused === undefined) return;\n',
  },
  {
    name: 'an unknown commit is taken for one that was made',
    from: 14,
    file: '/src/execute/update-instance.ts',
    is: "  if (result.kind === 'ok') {\n    context.recorder",
    becomes: "  if (result.kind !== 'error') {\n    context.recorder",
  },
  {
    name: 'an unhealthy trial is committed',
    from: 74,
    file: '/src/execute/update-instance.ts',
    is: "  if (result.kind === 'healthy') {",
    becomes: "  if (result.kind !== 'ended') {",
  },
  {
    name: 'a failed instance stops nothing',
    from: 7,
    file: '/src/rollout/halt.ts',
    is: '  if (last === undefined || failed.length <= budget) return undefined;',
    becomes: '  if (last === undefined || failed.length <= budget + 9) return undefined;',
  },
  {
    name: 'a wave is opened before the one before it has ended',
    from: 5,
    file: '/src/rollout/decide-waves.ts',
    is: "  if (flying) return wait('in-flight', progressDeadline(state));",
    becomes: '',
  },
  {
    name: 'a resume takes what was in flight for done',
    from: 28,
    file: '/src/rollout/transition.ts',
    is: "isInFlight(i) ? { ...i, status: 'interrupted' } : i",
    becomes: "isInFlight(i) ? { ...i, status: 'committed' } : i",
  },
  {
    name: 'a stale token confirms: a resume commits without a look at the host',
    from: 245,
    file: '/src/execute/recheck-instance.ts',
    is: "    case 'none':\n",
    becomes:
      "    case 'none':\n      recorder.record({ type: 'instance.committed', instance });\n      return;\n",
  },
  {
    name: 'a lost lease stops nobody',
    from: 58,
    file: '/src/rollout/halt.ts',
    is: "  if (state.leaseLost !== undefined) return { why: 'lease', cause: state.leaseLost };",
    becomes: '',
  },
  {
    name: 'a resume does not ask who was there meanwhile',
    from: 58,
    file: '/src/execute/overtaken.ts',
    is: '    if (seen === undefined || possible(instance).includes(seen.current)) continue;',
    becomes: '    if (seen !== undefined) continue;',
  },
  {
    name: 'an error of the record is left to the transport',
    from: 157,
    file: '/src/execute/gate.ts',
    is: '      broken ??= { error };\n      stop.abort();',
    becomes: '      throw error;',
  },
  {
    name: 'two operators of a minute may have one id',
    from: 83,
    file: '/src/state/deployment-id.ts',
    is: 'const PAIRS = 3;',
    becomes: 'const PAIRS = 0;',
  },
];

/** Seeds within which each is found. */
export const SEEDS = 1_500;

export const MUTANTS: readonly Mutant[] = [...OF_THE_AGENT, ...OF_PDEPLOY];
