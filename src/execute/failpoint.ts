import { UsageError } from '../errors.ts';
import type { Verb } from '../host/request.ts';
import type { EventType } from '../model/event.ts';

/** A place before or after an event is written, or a host is asked for something. */
export type Failpoint = `event.${EventType}.${Side}` | `call.${Verb}.${Side}`;
type Side = 'before' | 'after';

/**
 * What happens there. `kill`: SIGKILL of this process. `throw`: an error nobody expects. `sleep`: the whole process
 * stands still, as on a suspended machine. `stop`: the same by SIGSTOP, until somebody sends SIGCONT. `drop`, of calls:
 * before, the request is not sent; after, the answer is lost.
 */
export type FailpointAction =
  | { readonly kind: 'kill' | 'throw' | 'stop' | 'drop' }
  | { readonly kind: 'sleep'; readonly ms: number };

export type ArmedFailpoint = {
  readonly name: string;
  /** Which time it is reached, from 1. */
  readonly nth: number;
  readonly action: FailpointAction;
};

const FORM = /^([a-z.-]+)(?:@([1-9]\d{0,5}))?:(?:(kill|throw|stop|drop)|sleep=([1-9]\d{0,7}))$/;

/** `NAME[@N]:kill|throw|stop|drop|sleep=MS`. @throws UsageError PD2236 */
export function parseFailpoint(text: string, names: ReadonlySet<string>): ArmedFailpoint {
  const [, name, nth, kind, ms] = FORM.exec(text) ?? [];
  if (name === undefined)
    throw UsageError.of(
      'PD2236',
      `PDEPLOY_FAILPOINT is ${JSON.stringify(text)}`,
      'NAME[@N]:kill, :throw, :stop, :drop or :sleep=MS; pdeploy failpoints lists the names',
    );
  if (!names.has(name) || (kind === 'drop' && !name.startsWith('call.')))
    throw UsageError.of(
      'PD2236',
      `PDEPLOY_FAILPOINT: there is no failpoint ${name}${kind === 'drop' ? ' that can drop' : ''}`,
      'pdeploy failpoints lists the names',
    );
  const action: FailpointAction =
    ms === undefined
      ? { kind: kind as 'kill' | 'throw' | 'stop' | 'drop' }
      : { kind: 'sleep', ms: Number(ms) };
  return { name, nth: Number(nth ?? 1), action };
}

async function armedByEnvironment(): Promise<ArmedFailpoint | undefined> {
  const text = process.env.PDEPLOY_FAILPOINT;
  if (text === undefined || text === '') return undefined;
  const { failpointNames } = await import('./failpoint-names.ts');
  return parseFailpoint(text, new Set(failpointNames()));
}

const armed = await armedByEnvironment();
let reached = 0;

/** Does what the environment asks for at this place; tells whether a message is to be lost there. */
export const failpoint: (name: Failpoint) => 'drop' | undefined =
  armed === undefined ? () => undefined : (name) => (name === armed.name ? hit(armed) : undefined);

function hit({ name, nth, action }: ArmedFailpoint): 'drop' | undefined {
  reached += 1;
  if (reached !== nth) return undefined;
  switch (action.kind) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal is delivered before this returns, but nothing says so.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
      return undefined;
    case 'throw':
      throw new Error(`failpoint ${name}`);
    case 'stop':
      // A process stops itself before the call returns.
      process.kill(process.pid, 'SIGSTOP');
      return undefined;
    case 'sleep':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms);
      return undefined;
    case 'drop':
      return 'drop';
  }
}
