import type { Readable } from 'node:stream';
import { ConnectError } from '../../src/errors.ts';
import { agentScript } from '../../src/host/assemble.ts';
import type { DeadReason, RunOptions, RunResult, Session, Transport } from '../../src/transport/port.ts';
import type { Clock, Process } from './clock.ts';
import type { MessageFault } from './faults.ts';
import { serve, verbOf } from './host/agent/serve.ts';
import { NoSpace } from './host/disk.ts';
import type { Host } from './host/host.ts';
import type { Random } from './random.ts';

export const AGENT = '/usr/local/libexec/pdeploy-agent';

/** When a silent connection is given up, milliseconds. */
const KEEPALIVE_MS = 20_000;
const CONNECT_MS = 15_000;
const ASLEEP_MS = 600_000;

export type NetworkWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly fault: (process: Process, host: Host, verb: string) => MessageFault | undefined;
  readonly trace: (line: string) => void;
};

/** Connections between controllers and hosts. Nothing is lost or delayed but by a fault. */
export class Network {
  readonly #world: NetworkWorld;
  readonly #connections = new Set<Connection>();

  constructor(world: NetworkWorld) {
    this.#world = world;
  }

  /** The port of one controller. */
  transport(process: Process): Transport {
    const { clock, random, hosts } = this.#world;
    return {
      kind: 'simulation',
      connect: (to) =>
        new Promise((resolve, reject) => {
          const host = hosts.get(to.name);
          if (host === undefined) throw new Error(`no host ${to.name}`);
          clock.after(random.between(2, 20), () => {
            if (host.on) {
              clock.wake(process, () => {
                if (!host.on) return;
                const connection = new Connection(this.#world, process, host, () =>
                  this.#connections.delete(connection),
                );
                this.#connections.add(connection);
                resolve(connection.session);
              });
              return;
            }
            clock.after(CONNECT_MS, () =>
              clock.wake(process, () =>
                reject(new ConnectError(host.name, 'timeout', `${host.name} does not answer`)),
              ),
            );
          });
        }),
      close: async () => undefined,
    };
  }

  /** A host without power says nothing more: some find out at once, others by the silence. */
  lost(host: Host): void {
    for (const connection of this.#connections)
      if (connection.host === host)
        connection.end(this.#world.random.chance(0.5) ? 20 : KEEPALIVE_MS, 'the connection was lost');
  }
}

class Connection {
  readonly host: Host;
  readonly session: Session;
  readonly #world: NetworkWorld;
  readonly #process: Process;
  readonly #ends = new Set<(why: string) => void>();
  readonly #gone: () => void;
  #die: (reason: DeadReason) => void = () => undefined;
  #dead: boolean = false;

  constructor(world: NetworkWorld, process: Process, host: Host, gone: () => void) {
    this.#world = world;
    this.#process = process;
    this.host = host;
    this.#gone = gone;
    this.session = {
      host: host.name,
      dead: new Promise((resolve) => {
        this.#die = resolve;
      }),
      run: (command, options) => (command === 'agent' ? this.#agent(options) : this.#install(options)),
      close: async () => this.#close('closed'),
    };
  }

  /** The controller finds out after some time that the connection is gone. */
  end(ms: number, why: string): void {
    this.#world.clock.after(ms, () => this.#world.clock.wake(this.#process, () => this.#close(why)));
  }

  #close(why: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#gone();
    for (const end of [...this.#ends]) end(why);
    this.#die({ why });
  }

  #install(options: RunOptions): Promise<RunResult> {
    return this.#channel(options, (input, channel) => {
      channel.exit(input.toString() === agentScript().text ? this.#installed() : 65);
    });
  }

  /** How the script that installs an agent ends. */
  #installed(): number {
    const { disk } = this.host;
    try {
      disk.write(AGENT, agentScript().sha256);
      disk.sync(AGENT, AGENT.slice(0, AGENT.lastIndexOf('/')));
      return 0;
    } catch (error) {
      if (error instanceof NoSpace) return 1;
      throw error;
    }
  }

  #agent(options: RunOptions): Promise<RunResult> {
    return this.#channel(options, (input, channel) => {
      if (this.host.disk.has(AGENT))
        serve(this.host, channel, input, (how) => channel.exit(how === 'exited' ? 0 : 137));
      else channel.exit(127);
    });
  }

  /** One command: its input up, its lines and its exit down. */
  #channel(options: RunOptions, perform: (input: Buffer, channel: Server) => void): Promise<RunResult> {
    const { clock, random } = this.#world;
    return new Promise((resolve) => {
      let over = false;
      const end = (result: RunResult): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        this.#ends.delete(cut);
        options.signal?.removeEventListener('abort', leave);
        resolve(result);
      };
      const cut = (why: string): void => end({ kind: 'unknown', why, stdout: '' });
      const leave = (): void => cut('stopped');
      const timer = setTimeout(
        () => cut(`no answer within ${options.deadlineMs / 1_000} s`),
        options.deadlineMs,
      );
      if (this.#dead) {
        end({ kind: 'never-started', why: 'the connection is gone' });
        return;
      }
      if (options.signal?.aborted === true) {
        leave();
        return;
      }
      options.signal?.addEventListener('abort', leave, { once: true });
      this.#ends.add(cut);
      let sent = 0;
      const down = (ms: number, run: () => void): void => {
        // Lines stay in their order.
        sent = Math.max(sent, clock.now + ms);
        clock.at(sent, () =>
          clock.wake(this.#process, () => {
            if (!over && !this.#dead) run();
          }),
        );
      };
      void collect(options.stdin).then((input) => {
        if (over || this.#process.state === 'dead') return;
        this.#send(input, perform, {
          say: (line, ms) => down(ms, () => options.onLine?.(line)),
          exit: (code, ms) =>
            down(ms, () =>
              end(
                code === 137
                  ? { kind: 'signaled', signal: 'KILL', stdout: '', stderr: '' }
                  : { kind: 'exited', code, stdout: '', stderr: '', truncated: false },
              ),
            ),
          open: () => !over && !this.#dead,
          latency: () => random.between(1, 10),
        });
      });
    });
  }

  #send(input: Buffer, perform: (input: Buffer, channel: Server) => void, client: Client): void {
    const { clock } = this.#world;
    // A stopped process sends nothing.
    if (this.#process.state === 'stopped') {
      clock.wake(this.#process, () => this.#send(input, perform, client));
      return;
    }
    const verb = verbOf(input);
    const fault = verb === '' ? undefined : this.#world.fault(this.#process, this.host, verb);
    this.#world.trace(
      `${this.#process.name} > ${this.host.name} ${verb}${fault === undefined ? '' : ` (${fault.kind})`}`,
    );
    const deliver = (ms: number, channel: Server): void => {
      clock.after(ms, () => {
        if (this.host.on) perform(input, channel);
      });
    };
    const deaf: Server = { say: () => undefined, exit: () => undefined, open: () => false };
    const heard = (extra: number): Server => ({
      say: (line) => client.say(line, client.latency() + extra),
      exit: (code) => client.exit(code, client.latency() + extra),
      open: client.open,
    });
    const up = client.latency();
    switch (fault?.kind) {
      case undefined:
        deliver(up, heard(0));
        return;
      case 'lost-before':
      case 'hole-before':
        this.end(fault.kind === 'lost-before' ? up : KEEPALIVE_MS, 'the connection was lost');
        return;
      case 'lost-after':
      case 'hole-after': {
        const ms = fault.kind === 'lost-after' ? up : KEEPALIVE_MS;
        let first = true;
        const once = (): void => {
          if (first) this.end(ms, 'the connection was lost');
          first = false;
        };
        // What was said reaches nobody, but the host does not know.
        deliver(up, { say: once, exit: once, open: () => true });
        return;
      }
      case 'twice':
        deliver(up, heard(0));
        deliver(up + fault.ms, deaf);
        return;
      case 'late-request':
        deliver(KEEPALIVE_MS + fault.ms, deaf);
        this.end(KEEPALIVE_MS, 'the connection was lost');
        return;
      case 'late-reply':
        deliver(up, heard(fault.ms));
        return;
      case 'asleep':
        deliver(up, heard(0));
        clock.halt(this.#process, ASLEEP_MS);
    }
  }
}

type Server = {
  readonly say: (line: string) => void;
  readonly exit: (code: number) => void;
  readonly open: () => boolean;
};
type Client = {
  readonly say: (line: string, ms: number) => void;
  readonly exit: (code: number, ms: number) => void;
  readonly open: () => boolean;
  readonly latency: () => number;
};

async function collect(source: Buffer | Readable): Promise<Buffer> {
  if (Buffer.isBuffer(source)) return source;
  const parts: Buffer[] = [];
  return await new Promise((resolve) => {
    source.on('data', (part: Buffer) => parts.push(part));
    source.on('end', () => resolve(Buffer.concat(parts)));
    source.on('error', () => undefined);
  });
}
