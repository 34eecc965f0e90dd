import type { ExpectStatic } from 'vitest';
import type { ConnectError } from '../../../src/errors.ts';
import type { Connection, Host } from '../../../src/model/host.ts';
import type { ConstCommand, RunResult, Transport } from '../../../src/transport/port.ts';
import type { Hostile } from '../support/hostile-server.ts';
import { testHost } from '../support/hosts.ts';
import type { TestKey } from '../support/keys.ts';
import { watchMemory } from '../support/memory.ts';

export type Settings = {
  readonly keepalive: { readonly intervalMs: number; readonly countMax: number };
  readonly commandLine: (command: ConstCommand, sudo: boolean) => string;
};

/** A transport under test. One that tries again must not do so here. */
export type Subject = {
  readonly kind: 'ssh2' | 'openssh';
  readonly make: (settings: Settings) => Transport;
};

/** Where the transports differ, both values; else the one. */
export type PerKind<T> = T | { readonly ssh2: T; readonly openssh: T };

/** What a hostile server may cost, on each connection (reliability programme, P9). */
const MOST_GROWTH = 64 << 20;
/** How much later than its limit anything may end. */
const LATE_MS = 4_000;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** OpenSSH counts in whole seconds. */
export const SETTINGS: Settings = {
  keepalive: { intervalMs: 1_000, countMax: 5 },
  commandLine: () => 'exec agent',
};
const INPUT = Buffer.alloc(8 << 20);

export type Keys = { readonly host: TestKey; readonly login: TestKey };

export type CommandOptions = {
  readonly deadlineMs?: number;
  readonly maxOut?: number;
  readonly stdin?: Buffer;
  readonly onLine?: (line: string) => void;
};

/** Connects to hostile servers, and checks what must be true of all of them: time, memory, clean words. */
export type Bench = {
  readonly kind: Subject['kind'];
  readonly make: Subject['make'];
  hostAt(server: Hostile, more?: Partial<Connection>): Host;
  /** The error that a server provokes. Stops the server. */
  failureAt(server: Hostile, limitMs: number, more?: Partial<Connection>): Promise<ConnectError>;
  /** The result of one command. Stops the server. */
  commandAt(server: Hostile, options?: CommandOptions): Promise<RunResult>;
};

/** @param expect that of the test itself, which may be one of several at once */
export function bench(subject: Subject, keys: Keys, expect: ExpectStatic): Bench {
  const hostAt = (server: Hostile, more: Partial<Connection> = {}): Host =>
    testHost({
      port: server.port,
      identities: [keys.login.file],
      hostKeys: [keys.host.fingerprint],
      transport: subject.kind,
      ...more,
    });

  const bounded = async <T>(limitMs: number, work: () => Promise<T>): Promise<T> => {
    const peak = watchMemory();
    const started = performance.now();
    try {
      return await work();
    } finally {
      const { own, ssh } = peak();
      expect(performance.now() - started).toBeLessThan(limitMs + LATE_MS);
      expect(own).toBeLessThan(MOST_GROWTH);
      expect(ssh).toBeLessThan(MOST_GROWTH);
    }
  };

  return {
    ...subject,
    hostAt,
    failureAt: async (server, limitMs, more) => {
      const transport = subject.make(SETTINGS);
      try {
        const connecting = transport.connect(hostAt(server, more), { timeoutMs: limitMs });
        const error = await bounded(limitMs, () =>
          connecting.then(
            () => {
              throw new Error('it connected');
            },
            (failure: ConnectError) => failure,
          ),
        );
        expect(error.code, error.stack).toBe('PD3101');
        expect(`${error.message}${error.hint ?? ''}`).not.toMatch(CONTROLS);
        return error;
      } finally {
        await transport.close();
        await server.stop();
      }
    },
    commandAt: async (server, options = {}) => {
      const { deadlineMs = 20_000 } = options;
      const transport = subject.make(SETTINGS);
      try {
        const session = await transport.connect(hostAt(server), { timeoutMs: 5_000 });
        const run = { stdin: INPUT, maxOut: 10_000, ...options, deadlineMs };
        const result = await bounded(deadlineMs, () => session.run('agent', run));
        if ('why' in result) expect(result.why).not.toMatch(CONTROLS);
        await bounded(0, () => transport.close());
        expect((await session.dead).why).not.toMatch(CONTROLS);
        return result;
      } finally {
        await transport.close();
        await server.stop();
      }
    },
  };
}

/** What is expected of one transport. */
export function of<T>(kind: Subject['kind'], value: PerKind<T>): T {
  return isPerKind(value) ? value[kind] : value;
}

function isPerKind<T>(value: PerKind<T>): value is { readonly ssh2: T; readonly openssh: T } {
  return typeof value === 'object' && value !== null && 'ssh2' in value && 'openssh' in value;
}
