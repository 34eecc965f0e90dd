import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Haproxy = {
  readonly socket: string;
  readonly port: number;
  /** One command of the runtime socket. */
  readonly ask: (command: string) => Promise<string>;
  /** Status of a server by name, as `show stat` has it: `UP`, `DRAIN`, `MAINT`. */
  readonly status: (server: string) => Promise<string>;
  readonly end: () => Promise<void>;
};

export type Backend = {
  readonly port: number;
  /** Answers the requests that wait. */
  readonly release: () => void;
  readonly waiting: () => number;
  readonly end: () => void;
};

/** A service on loopback that answers at once, or when it is told to below `/slow`. */
export async function startBackend(): Promise<Backend> {
  const held: (() => void)[] = [];
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/slow') === true) held.push(() => res.end('slow'));
    else res.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    waiting: () => held.length,
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A real HAProxy on loopback with one backend, `edge`. @param servers name to port */
export async function startHaproxy(
  servers: { readonly [name: string]: number },
  level = 'admin',
): Promise<Haproxy> {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-haproxy-'));
  const socket = join(dir, 'admin.sock');
  const port = await freePort();
  const lines = Object.entries(servers).map(([name, p]) => `  server ${name} 127.0.0.1:${p}`);
  writeFileSync(
    join(dir, 'haproxy.cfg'),
    [
      'global',
      `  stats socket ${socket} mode 600 level ${level}`,
      'defaults',
      '  mode http',
      '  timeout connect 2s',
      '  timeout client 30s',
      '  timeout server 30s',
      'frontend front',
      `  bind 127.0.0.1:${port}`,
      '  default_backend edge',
      'backend edge',
      '  http-response set-header x-server %s',
      ...lines,
      '',
    ].join('\n'),
  );
  const child: ChildProcess = spawn('haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const ask = (command: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const to = connect(socket);
      let text = '';
      to.on('data', (chunk) => {
        text += chunk;
      });
      to.on('error', reject);
      to.on('close', () => resolve(text));
      to.write(`${command}\n`);
    });
  await eventually(() => ask('show info'));
  return {
    socket,
    port,
    ask,
    status: async (server) => {
      const rows = (await ask('show stat -1 4 -1')).split('\n').map((row) => row.split(','));
      return rows.find((row) => row[1] === server)?.[17] ?? '';
    },
    end: async () => {
      child.kill('SIGKILL');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function eventually<T>(job: () => Promise<T>): Promise<T> {
  const until = Date.now() + 20_000;
  for (;;) {
    try {
      return await job();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((r) => setTimeout(r, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether this machine has a program. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}
