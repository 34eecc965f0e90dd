import { agentScript } from '../../../../src/host/assemble.ts';
import { NoSpace } from '../disk.ts';
import type { Host } from '../host.ts';
import type { Script, Step } from '../step.ts';
import { doRollback } from './back.ts';
import { Call, type Channel, Died, Unheard } from './call.ts';
import { doDrain } from './drain.ts';
import { doFinish, doUndo } from './finish.ts';
import { doLease } from './lease.ts';
import { doObserve, doStatus } from './look.ts';
import { doPrepare } from './prepare.ts';
import { doSettle } from './settle.ts';
import { doActivate, doCommit, doWatch, Ended } from './trial.ts';

type Verb = (call: Call) => Generator<Step, void, boolean>;

const VERBS: Readonly<Record<string, Verb>> = {
  observe: doObserve,
  lease: doLease,
  prepare: doPrepare,
  activate: doActivate,
  watch: doWatch,
  commit: doCommit,
  rollback: doRollback,
  status: doStatus,
  finish: doFinish,
  undo: doUndo,
  settle: doSettle,
  drain: doDrain,
};

/** Runs the agent with a request on its standard input; the last line it says is the trailer, unless it is killed. */
export function serve(
  host: Host,
  channel: Channel,
  input: Buffer,
  onEnd: (how: 'exited' | 'killed') => void,
): void {
  const { call, verb } = parse(host, channel, input);
  host.start(verb, answered(call, verb), onEnd);
}

/** The verb of a request, as far as it can be read. */
export function verbOf(input: Buffer): string {
  return /^verb (\S+)$/m.exec(input.subarray(0, 512).toString('latin1'))?.[1] ?? '';
}

function parse(host: Host, channel: Channel, input: Buffer): { readonly call: Call; readonly verb: string } {
  const end = input.indexOf('\nend\n');
  const lines = input.subarray(0, Math.max(end, 0)).toString('utf8').split('\n');
  const fields = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    const cut = line.indexOf(' ');
    const key = line.slice(0, cut);
    const known = fields.get(key);
    if (known === undefined) fields.set(key, [line.slice(cut + 1)]);
    else known.push(line.slice(cut + 1));
  }
  const call = new Call(host, channel, fields.get('op')?.[0] ?? '-', fields, input.subarray(end + 5));
  const verb =
    lines[0] === `pdeploy 1 ${agentScript().sha256}` ? (fields.get('verb')?.[0] ?? '') : 'mismatch';
  return { call, verb };
}

function* answered(call: Call, name: string): Script {
  // Of a rollback that settled another trial first the trailer still names what was asked.
  const asked = call.op;
  const verb = VERBS[name];
  try {
    if (name === 'mismatch') throw new Died('agent-mismatch', 'the host has another agent');
    if (verb === undefined) throw new Died('bad-request', 'verb');
    yield* verb(call);
  } catch (error) {
    if (error instanceof Unheard) return;
    if (error instanceof NoSpace) {
      refuse(call, asked, 'no-space', 'no room left');
      return;
    }
    if (error instanceof Died) {
      refuse(call, asked, error.code, error.message);
      return;
    }
    if (!(error instanceof Ended)) throw error;
  }
  call.say(`pdeploy-end ${asked} 0 ok -`);
}

function refuse(call: Call, op: string, code: string, message: string): void {
  call.say(`pdeploy-end ${op} 1 ${code} ${Buffer.from(`${message} `).toString('base64')}`);
}
