import type { Haproxy, Server } from '../haproxy.ts';
import type { Host } from '../host.ts';
import type { Script, Step } from '../step.ts';
import { type Call, Died, step } from './call.ts';

/** One server of the HAProxy, and the note that says that it is out. */
type Target = {
  readonly haproxy: Haproxy;
  readonly server: Server;
  readonly text: string;
  readonly note: string;
};

const DAY_TICKS = 8_640_000;
/** How much earlier than it was noted a timer may bring a server back, 1/100 s. */
const EARLY_TICKS = 100;

export function* doDrain(call: Call): Generator<Step, void, boolean> {
  call.need('service', 'action');
  const action = call.text('action');
  if (action === 'noted') {
    const notes = drainNotes(call.host, call.text('service')).map((note) => note.split(' ').slice(1));
    for (const [deployment, instance, , ...target] of notes)
      call.say(`noted ${deployment} ${instance} ${target.join(' ')}`);
    return;
  }
  call.need('target');
  const target = openTarget(call.host, call.text('service'), call.text('target'));
  yield* step('drain.look');
  switch (action) {
    case 'check':
      call.say(stateOf(target));
      break;
    case 'out':
      yield* takeOut(call, target);
      break;
    case 'wait':
      yield* awaitIdle(call, target);
      break;
    case 'ready':
      if (isOurs(call, target)) yield* bringBack(call.host, target);
      break;
    case 'up':
      yield* awaitUp(call, target);
      break;
    default:
      throw new Died('bad-request', 'action');
  }
}

function notesOf(service: string): string {
  return `/run/pdeploy/${service}/.drained`;
}

/** @throws Died not-found: no such balancer or server */
function openTarget(host: Host, service: string, text: string): Target {
  const { haproxy } = host;
  if (haproxy === undefined) throw new Died('not-found', 'there is no socket');
  const [, , , name = ''] = text.split(' ');
  const server = haproxy.servers.get(name);
  if (server === undefined) throw new Died('not-found', `HAProxy has no server ${name}`);
  return { haproxy, server, text, note: `${notesOf(service)}/${text.replaceAll('/', '-')}` };
}

function stateOf({ haproxy, server }: Target): string {
  const status = haproxy.isUp(server) ? (server.drained ? 'DRAIN' : 'UP') : 'DOWN';
  return `server ${haproxy.inFlight(server)} ${server.drained ? 8 : 0} ${status}`;
}

/** Noted, and the timer armed, before anything is changed. */
function* takeOut(call: Call, target: Target): Generator<Step, void, boolean> {
  const { host } = call;
  call.need('deployment', 'epoch', 'guard');
  if (target.server.drained && !host.run.has(target.note)) {
    call.say('drain kept');
    return;
  }
  refuseOvertaken(call, target);
  const guard = call.number('guard', 0);
  yield* step('drain.note');
  const words = [host.ticks() + guard * 100, call.text('deployment'), '-', call.text('epoch'), target.text];
  host.run.set(target.note, words.join(' '));
  yield* step('drain.arm', host.world.random.between(1, 30));
  armUndrain(call, target, guard);
  yield* step('drain.set');
  target.haproxy.set(target.server, true);
  call.say('drain out');
}

/** @throws Died fenced: somebody with a newer epoch has it out */
function refuseOvertaken(call: Call, { note }: Target): void {
  const [, deployment, , epoch] = (call.host.run.get(note) ?? '').split(' ');
  if (Number(epoch ?? 0) > call.number('epoch', 0))
    throw new Died('fenced', `deployment ${deployment} has it out`);
}

/** A request that comes again has a later time: its timer begins anew. */
function armUndrain(call: Call, target: Target, seconds: number): void {
  const { host } = call;
  const service = call.text('service');
  host.disarm(`pdeploy-undrain-${call.op}`);
  host.arm(`pdeploy-undrain-${call.op}`, seconds * 1_000, () => {
    host.start('undrain', runUndrain(host, service, target));
  });
}

function* awaitIdle(call: Call, target: Target): Generator<Step, void, boolean> {
  const { host } = call;
  const { haproxy, server } = target;
  const until = host.ticks() + call.number('stream', 0) * 100;
  let was = -1;
  for (;;) {
    if (!server.drained) {
      if (!host.run.has(target.note)) throw new Died('failed', 'nobody has it out');
      haproxy.set(server, true);
    }
    const left = haproxy.inFlight(server);
    if (left !== was) call.say(`left ${left}`);
    was = left;
    if (left === 0 || host.ticks() >= until) return;
    yield* step('drain.wait', 200);
  }
}

/** Somebody who sleeps past the lease may wake up while the next deployment has it out. */
function isOurs(call: Call, { note }: Target): boolean {
  const deployment = call.text('deployment');
  return deployment === '' || call.host.run.get(note)?.split(' ')[1] === deployment;
}

function* bringBack(host: Host, target: Target): Generator<Step, void, boolean> {
  if (!host.run.has(target.note)) return;
  yield* step('undrain.set');
  target.haproxy.set(target.server, false);
  yield* step('undrain.note');
  host.run.delete(target.note);
}

function* awaitUp(call: Call, target: Target): Generator<Step, void, boolean> {
  const { host } = call;
  const until = host.ticks() + call.number('stream', 0) * 100;
  while (!target.haproxy.isUp(target.server) && host.ticks() < until) yield* step('drain.up', 200);
  call.say(stateOf(target));
}

/** What the timer starts. A newer note of the same server has a timer of its own. */
function* runUndrain(host: Host, service: string, { text, note }: Target): Script {
  yield* step('undrain.start', host.world.random.between(1, 30));
  const due = Number(host.run.get(note)?.split(' ')[0] ?? Infinity);
  const now = host.ticks();
  if (now < due - EARLY_TICKS || now >= due + DAY_TICKS) return;
  yield* bringBack(host, openTarget(host, service, text));
}

/** Notes of what is out, for whoever looks from outside. */
export function drainNotes(host: Host, service: string): readonly string[] {
  return [...host.run].flatMap(([path, text]) => (path.startsWith(`${notesOf(service)}/`) ? [text] : []));
}
