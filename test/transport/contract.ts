import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/model/host.ts';
import type { ConstCommand, RunOptions, RunResult, Session, Transport } from '../../src/transport/port.ts';
import { hostOf } from './support/hosts.ts';
import { type Cut, startProxy } from './support/proxy.ts';
import { installRemote } from './support/remote.ts';
import { type Sshd, startSshd } from './support/sshd.ts';

/** What a transport is made of in these tests. */
export type Settings = {
  readonly env: NodeJS.ProcessEnv;
  readonly commandLine: (command: ConstCommand, sudo: boolean) => string;
  /** Short, so that a dead connection is noticed in {@link DEAD_WITHIN_MS}. */
  readonly keepalive: { readonly intervalMs: number; readonly countMax: number };
};

/** Where transports may differ. */
export type Traits = {
  /** Whether death by a signal is told from other ends; otherwise it is `unknown`. */
  readonly signals: boolean;
};

const KEEPALIVE = { intervalMs: 200, countMax: 3 };
const DEAD_WITHIN_MS = 4_000;
const CUTS: readonly Cut[] = ['rst', 'fin', 'blackhole'];

/** What every transport owes its callers, held against a real sshd. */
export function transportContract(
  name: string,
  make: (settings: Settings) => Transport,
  traits: Traits,
): void {
  describe(`${name} where sshd allows few sessions on a connection`, () => {
    const results = async (maxSessions: number): Promise<readonly RunResult[]> => {
      const sshd = await startSshd({ settings: [`MaxSessions ${maxSessions}`] });
      const commandLine = await installRemote(sshd.dir);
      const env = { HOME: sshd.dir, PATH: process.env.PATH };
      const transport = make({ env, commandLine, keepalive: KEEPALIVE });
      try {
        const session = await transport.connect(hostOf(sshd), {});
        const ask = (_: unknown, i: number): Promise<RunResult> =>
          session.run('agent', { stdin: Buffer.from(`echo ${i}\n`), deadlineMs: 20_000 });
        return await Promise.all(Array.from({ length: 8 }, ask));
      } finally {
        await transport.close();
        await sshd.stop();
      }
    };

    it('one is enough for many commands at once', async () => {
      expect(await results(1)).toEqual(
        Array.from({ length: 8 }, (_, i) => expect.objectContaining({ kind: 'exited', stdout: `${i}\n` })),
      );
    });

    it('with none it is certain that nothing was started', async () => {
      expect((await results(0)).map(({ kind }) => kind)).toEqual(Array(8).fill('never-started'));
    });
  });

  describe(`${name} keeps the contract of a transport`, () => {
    let sshd: Sshd;
    let transport: Transport;
    let session: Session;
    let settings: Settings;

    beforeAll(async () => {
      sshd = await startSshd();
      const commandLine = await installRemote(sshd.dir);
      settings = { env: { HOME: sshd.dir, PATH: process.env.PATH }, commandLine, keepalive: KEEPALIVE };
      transport = make(settings);
      session = await transport.connect(hostOf(sshd), {});
    });

    afterAll(async () => {
      await transport.close();
      await sshd.stop();
    });

    const ask = (text: string, options: Partial<RunOptions> = {}): Promise<RunResult> =>
      session.run('agent', { stdin: Buffer.from(`${text}\n`), deadlineMs: 20_000, ...options });

    it('tells the exit code and keeps the two streams apart', async () => {
      const result = await ask('both');
      expect(result).toEqual({ kind: 'exited', code: 3, stdout: 'out\n', stderr: 'err\n', truncated: false });
    });

    it.each([0, 1, 127, 254])('tells exit code %i', async (code) => {
      expect(await ask(`exit ${code}`)).toMatchObject({ kind: 'exited', code });
    });

    it('runs the command it was told to, and only that', async () => {
      const stdin = Buffer.alloc(0);
      const result = await session.run('install-agent', { stdin, deadlineMs: 10_000 });
      expect(result).toMatchObject({ kind: 'exited', code: 64 });
    });

    it.each(['TERM', 'KILL'])('does not take death by SIG%s for an exit', async (signal) => {
      const result = await ask(`signal ${signal}`);
      if (traits.signals) expect(result).toMatchObject({ kind: 'signaled', signal: `SIG${signal}` });
      else expect(result.kind).toBe('unknown');
    });

    it('keeps characters whole that arrive in pieces', async () => {
      expect(await ask('split')).toMatchObject({ kind: 'exited', stdout: 'a€b\n😀' });
    });

    it('hands on lines as they come and keeps only what is no line', async () => {
      const lines: string[] = [];
      const result = await ask('split', { onLine: (line) => lines.push(line) });
      expect(lines).toEqual(['a€b']);
      expect(result).toMatchObject({ kind: 'exited', code: 0, stdout: '😀' });
    });

    it('hands on very many lines, in order', async () => {
      const lines: string[] = [];
      const result = await ask('lines 200000', { onLine: (line) => lines.push(line), maxOut: 1_000 });
      expect(result).toMatchObject({ kind: 'exited', code: 0, stdout: '', truncated: false });
      expect(lines.length).toBe(200_000);
      expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
    });

    it('closes the channel when there is too much output', async () => {
      const result = await ask('flood', { maxOut: 10_000 });
      expect(result.kind).toBe('unknown');
      expect(result.kind === 'unknown' && result.stdout.length).toBe(10_000);
    });

    it('closes the channel when there is too much on standard error', async () => {
      expect((await ask('errflood', { maxOut: 10_000 })).kind).toBe('unknown');
    });

    it('closes the channel when a line does not end', async () => {
      const result = await ask('bytes 100000000', { maxOut: 10_000, onLine: () => undefined });
      expect(result.kind).toBe('unknown');
    });

    it('says that output was cut when a command ends by itself', async () => {
      const result = await ask('bytes 10001', { maxOut: 10_000 });
      expect(result).toMatchObject({ kind: 'exited', code: 0, truncated: true });
      expect('stdout' in result && result.stdout.length).toBe(10_000);
    });

    it('takes output that just fits', async () => {
      const result = await ask('bytes 10000', { maxOut: 10_000 });
      expect(result).toMatchObject({ kind: 'exited', code: 0, truncated: false });
    });

    it('gives up at the deadline and does not know the outcome', async () => {
      const started = performance.now();
      const result = await ask('silent 15', { deadlineMs: 500 });
      expect(result.kind).toBe('unknown');
      expect(performance.now() - started).toBeGreaterThan(450);
      expect(performance.now() - started).toBeLessThan(3_000);
    });

    it('stops when the caller does', async () => {
      const abort = new AbortController();
      const lines: string[] = [];
      const running = ask('deaf 15', {
        signal: abort.signal,
        onLine: (line) => {
          lines.push(line);
          abort.abort();
        },
      });
      expect((await running).kind).toBe('unknown');
      expect(lines).toEqual(['ready']);
    });

    it('does not start what was stopped before', async () => {
      expect((await ask('echo hi', { signal: AbortSignal.abort() })).kind).toBe('never-started');
    });

    it('goes on after a command that was given up', async () => {
      expect((await ask('silent 15', { deadlineMs: 200 })).kind).toBe('unknown');
      expect(await ask('echo still here')).toMatchObject({ kind: 'exited', stdout: 'still here\n' });
    });

    it('runs 15 commands at once where sshd allows 10', async () => {
      const results = await Promise.all(Array.from({ length: 15 }, (_, i) => ask(`echo ${i}`)));
      expect(results.map((r) => r.kind === 'exited' && r.stdout)).toEqual(
        Array.from({ length: 15 }, (_, i) => `${i}\n`),
      );
    });

    it.each(['buffer', 'stream'])('uploads 64 MiB from a %s unchanged', async (kind) => {
      const body = randomBytes(64 << 20);
      const digest = createHash('sha256').update(body).digest('hex');
      const head = Buffer.from('sha\n');
      const pieces = function* () {
        yield head;
        for (let at = 0; at < body.length; at += 1_000_003) yield body.subarray(at, at + 1_000_003);
      };
      const stdin =
        kind === 'buffer' ? Buffer.concat([head, body]) : Readable.from(pieces(), { objectMode: false });
      const result = await session.run('agent', { stdin, deadlineMs: 30_000 });
      expect(result).toMatchObject({ kind: 'exited', code: 0, stdout: `${digest}\n` });
    });

    it('does not read a source faster than the host takes it', async () => {
      let read = 0;
      const chunk = Buffer.alloc(1 << 16);
      const stdin = new Readable({
        read() {
          read += chunk.length;
          this.push(read === chunk.length ? Buffer.from('silent 3\n') : chunk);
        },
      });
      const result = await session.run('agent', { stdin, deadlineMs: 1_000 });
      expect(result.kind).toBe('unknown');
      expect(read).toBeLessThan(32 << 20);
      expect(stdin.destroyed).toBe(true);
    });

    it('does not know the outcome when what to send breaks off', async () => {
      const stdin = Readable.from(
        (function* () {
          yield Buffer.from('cat\n');
          throw new Error('disk gone');
        })(),
      );
      const result = await session.run('agent', { stdin, deadlineMs: 10_000 });
      expect(result).toMatchObject({ kind: 'unknown', why: expect.stringContaining('disk gone') });
    });

    it('tells the exit of a command that does not read its input', async () => {
      const stdin = Readable.from([Buffer.from('exit 7\n'), Buffer.alloc(8 << 20)]);
      expect(await session.run('agent', { stdin, deadlineMs: 10_000 })).toMatchObject({
        kind: 'exited',
        code: 7,
      });
    });

    it('lets a session be closed while commands run', async () => {
      const other = await transport.connect(hostOf(sshd), {});
      const running = other.run('agent', { stdin: Buffer.from('silent 15\n'), deadlineMs: 20_000 });
      await new Promise((r) => setTimeout(r, 100));
      await other.close();
      expect((await running).kind).toMatch(/unknown|never-started/);
      await expect(other.dead).resolves.toMatchObject({ why: expect.any(String) });
      const late = await other.run('agent', { stdin: Buffer.from('echo hi\n'), deadlineMs: 1_000 });
      expect(late.kind).toBe('never-started');
    });

    it('refuses to connect once it is closed or stopped', async () => {
      const closed = make(settings);
      await closed.close();
      await expect(closed.connect(hostOf(sshd), {})).rejects.toMatchObject({ failure: 'aborted' });
      const stopped = transport.connect(hostOf(sshd), { signal: AbortSignal.abort() });
      await expect(stopped).rejects.toMatchObject({ failure: 'aborted' });
    });

    describe.each(CUTS)('when the connection goes by %s', (cut) => {
      type Case = { readonly what: string; readonly stdin: () => Buffer | Readable; readonly kinds: RegExp };
      const cases: readonly Case[] = [
        { what: 'a long command', stdin: () => Buffer.from('silent 15\n'), kinds: /^unknown$/ },
        { what: 'an output flood', stdin: () => Buffer.from('flood\n'), kinds: /^unknown$/ },
        { what: 'an upload', stdin: () => endless('count\n'), kinds: /^unknown$/ },
        { what: 'an upload nobody reads', stdin: () => endless('silent 15\n'), kinds: /^unknown$/ },
      ];

      // `expect` of the test itself: the common one counts assertions for whichever of them runs.
      it.concurrent.for(cases)('settles $what', async ({ stdin, kinds }, { expect }) => {
        await behindProxy(async (session, cutNow) => {
          const source = stdin();
          const running = session.run('agent', {
            stdin: source,
            deadlineMs: 20_000,
            onLine: () => undefined,
          });
          await new Promise((r) => setTimeout(r, 300));
          const at = performance.now();
          cutNow(cut);
          const result = await running;
          expect(result.kind).toMatch(kinds);
          expect(performance.now() - at).toBeLessThan(DEAD_WITHIN_MS);
          await expect(session.dead).resolves.toMatchObject({ why: expect.any(String) });
          if (!Buffer.isBuffer(source)) expect(source.destroyed).toBe(true);
        });
      });

      it.concurrent('notices it when idle, and starts nothing more', async ({ expect }) => {
        await behindProxy(async (session, cutNow) => {
          const at = performance.now();
          cutNow(cut);
          await session.dead;
          expect(performance.now() - at).toBeLessThan(DEAD_WITHIN_MS);
          const late = await session.run('agent', { stdin: Buffer.from('echo hi\n'), deadlineMs: 1_000 });
          expect(late.kind).toBe('never-started');
        });
      });

      it.concurrent('is not bothered when it is closed afterwards', async ({ expect }) => {
        const patient = { intervalMs: 5_000, countMax: 3 };
        await behindProxy(async (session, cutNow) => {
          cutNow(cut);
          const at = performance.now();
          await session.close();
          expect(performance.now() - at).toBeLessThan(DEAD_WITHIN_MS);
        }, patient);
      });
    });

    async function behindProxy(
      use: (session: Session, cut: (kind: Cut) => void) => Promise<void>,
      keepalive = KEEPALIVE,
    ): Promise<void> {
      const proxy = await startProxy(sshd.port);
      const own = make({ ...settings, keepalive });
      try {
        const through: Host = hostOf(sshd, { port: proxy.port, knownHosts: [], hostKeys: pinsOf(sshd) });
        await use(await own.connect(through, {}), proxy.cut);
      } finally {
        await own.close();
        await proxy.close();
      }
    }
  });
}

function pinsOf(sshd: Sshd): string[] {
  return [...sshd.hostKeys.values()].map((key) => key.fingerprint);
}

function endless(head: string): Readable {
  let sent = false;
  const chunk = Buffer.alloc(1 << 16);
  return new Readable({
    read() {
      this.push(sent ? chunk : Buffer.from(head));
      sent = true;
    },
  });
}
