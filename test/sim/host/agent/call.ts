import { Died } from '../died.ts';
import type { Host } from '../host.ts';
import { type Place, place } from '../paths.ts';
import { at, type Step } from '../step.ts';

export { Died };

/** Nobody reads any more and the agent has nothing else to do. */
export class Unheard extends Error {}

/** Where an agent's output goes. */
export type Channel = {
  readonly say: (line: string) => void;
  /** Somebody reads. */
  readonly open: () => boolean;
};

/** What is said goes nowhere. */
export const SILENT: Channel = { say: () => undefined, open: () => true };

/** One run of the agent: the variables of the shell script. */
export class Call {
  readonly host: Host;
  readonly channel: Channel;
  op: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly payload: Buffer;

  constructor(
    host: Host,
    channel: Channel,
    op: string,
    fields: ReadonlyMap<string, readonly string[]> = new Map(),
    payload: Buffer = Buffer.alloc(0),
  ) {
    this.host = host;
    this.channel = channel;
    this.op = op;
    this.fields = fields;
    this.payload = payload;
  }

  text(key: string): string {
    return this.fields.get(key)?.[0] ?? '';
  }

  all(key: string): readonly string[] {
    return this.fields.get(key) ?? [];
  }

  number(key: string, otherwise: number): number {
    const text = this.text(key);
    return text === '' ? otherwise : Number(text);
  }

  /** @throws Died when one of these was not sent */
  need(...keys: readonly string[]): void {
    for (const key of keys) if (this.text(key) === '') throw new Died('bad-request', `'${key}' is missing`);
  }

  place(instance = this.all('instance').at(-1) ?? '-'): Place {
    return place(this.text('service'), instance);
  }

  say(line: string): void {
    this.channel.say(line);
  }

  *lock(seconds = 20, of: 'lock' | 'fence' = 'lock'): Generator<Step, boolean, boolean> {
    return yield { kind: 'lock', key: `${this.place().S}/.${of}`, timeoutMs: seconds * 1_000 };
  }

  *mustLock(): Generator<Step, void, boolean> {
    if (!(yield* this.lock()))
      throw new Died('conflict', 'another operation on this service is still running');
  }

  *unlock(of: 'lock' | 'fence' = 'lock'): Generator<Step, void, boolean> {
    yield { kind: 'unlock', key: `${this.place().S}/.${of}` };
  }

  /** `say TEXT >FILE`: a full disk leaves the file empty, and nobody notices. */
  sayTo(path: string, text: string): void {
    const { disk } = this.host;
    const { full } = disk;
    disk.full = false;
    disk.write(path, full ? '' : text);
    disk.full = full;
  }

  /** `say TEXT >>FILE`, likewise. */
  sayInto(path: string, text: string): void {
    if (!this.host.disk.full) this.host.disk.append(path, text);
  }
}

/** Takes some time in which everything else may happen, then does what the name says. */
export const step = at;
