import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { makePair } from './authority.ts';

/** A CA that speaks ACME, with its DNS; it refuses every fifth nonce. */
export type Pebble = {
  readonly directory: string;
  /** To be set as NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** Management of the DNS, to set TXT records. */
  readonly dns: string;
  /** The root that issues, PEM. */
  readonly root: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

export async function startPebble(options: {
  readonly dir: string;
  /** Where HTTP challenges are asked for: this address, whatever the name, and this port. */
  readonly address: string;
  readonly httpPort: number;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
}): Promise<Pebble> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const [acme = 0, management = 0, dns = 0, dnsManagement = 0] = await freePorts(4);
  const pair = makePair('pebble', { names: ['localhost', '127.0.0.1'] });
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const config = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: write('pebble.pem', pair.cert),
    privateKey: write('pebble.key', pair.key),
    httpPort: options.httpPort,
    tlsPort: 5001,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.eab !== undefined,
    ...(options.eab === undefined
      ? {}
      : { externalAccountMACKeys: { [options.eab.kid]: options.eab.hmacKey } }),
  };
  const file = write('pebble.json', JSON.stringify({ pebble: config }));
  const env = {
    ...process.env,
    PEBBLE_WFE_NONCEREJECT: '20',
    PEBBLE_VA_NOSLEEP: '1',
    PEBBLE_AUTHZREUSE: '0',
  };
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
  const children = [
    run('pebble-challtestsrv', [
      ...['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsManagement}`, ...off],
      ...['-defaultIPv4', options.address, '-defaultIPv6', ''],
    ]),
    run('pebble', ['-config', file, '-dnsserver', `127.0.0.1:${dns}`], env),
  ];
  const caFile = join(dir, 'pebble.pem');
  await Promise.all([acme, management, dnsManagement].map(reachable));
  return {
    directory: `https://127.0.0.1:${acme}/dir`,
    caFile,
    dns: `http://127.0.0.1:${dnsManagement}`,
    root: () => fetchInsecure(management, '/roots/0'),
    stop: async () => {
      await Promise.all(
        children.map((child) => {
          const gone = new Promise((done) => child.once('exit', done));
          return child.kill('SIGKILL') ? gone : undefined;
        }),
      );
    },
  };
}

function run(file: string, args: readonly string[], env = process.env): ChildProcess {
  return spawn(file, args, { stdio: 'ignore', env });
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function reachable(port: number): Promise<void> {
  const { connect } = await import('node:net');
  for (let i = 0; i < 600; i += 1) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => done(true));
      socket.once('error', () => done(false));
      socket.once('close', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function fetchInsecure(port: number, path: string): Promise<string> {
  const { request } = await import('node:https');
  return await new Promise((done, fail) => {
    const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false };
    const asked = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => done(text));
    });
    asked.on('error', fail);
    asked.end();
  });
}
