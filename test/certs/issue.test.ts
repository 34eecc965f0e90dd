import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf, readPem } from '../../src/certs/pem.ts';
import { freePorts, type Pebble, startPebble } from './pebble.ts';

const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));
const HOOK = `let text = '';
for await (const chunk of process.stdin) text += chunk;
const { action, name, value } = JSON.parse(text);
if (process.env.HOOK_FAILS === '1') { console.error('the provider says no'); process.exit(3); }
const path = action === 'present' ? '/set-txt' : '/clear-txt';
const answer = await fetch(process.argv[2] + path, { method: 'POST', body: JSON.stringify({ host: name + '.', value }) });
process.exit(answer.ok ? 0 : 1);
`;

let dir = '';
let pebble: Pebble;
let ports: readonly number[] = [];
const proxies: Server[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-acme-'));
  ports = await freePorts(3);
  const eab = {
    kid: 'kid-1',
    hmacKey: Buffer.from('a key of the test that is long enough').toString('base64url'),
  };
  pebble = await startPebble({
    dir: join(dir, 'pebble'),
    address: '127.0.0.1',
    httpPort: ports[0] ?? 0,
    eab,
  });
  for (const folder of ['inventories', 'playbooks']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'pdeploy.yaml'), '{}\n');
  writeFileSync(join(dir, 'hook.mjs'), HOOK);
  writeFileSync(join(dir, 'inventories/one.yaml'), inventory());
  writeFileSync(join(dir, 'playbooks/rollout.ts'), playbook(eab));
  for (const port of ports.slice(0, 2)) proxies.push(await proxy(port, ports[2] ?? 0));
});
afterAll(async () => {
  for (const server of proxies) server.close();
  await pebble.stop();
  rmSync(dir, { recursive: true, force: true });
});

// No host is contacted to have a certificate issued.
const inventory = (): string =>
  JSON.stringify({
    hosts: { 'edge-1': { address: '127.0.0.1', port: 1 } },
    services: {
      edge: { on: 'edge-1', instances: { '1': { http: ports[0] ?? 0 }, '2': { http: ports[1] ?? 0 } } },
    },
  });

function playbook(eab: { readonly kid: string; readonly hmacKey: string }): string {
  const acme = (challenge: string): string =>
    `{ directory: '${pebble.directory}', email: 'ops@shop.test', challenge: ${challenge},
       externalAccount: { kid: '${eab.kid}', hmacKey: new Secret('eab', '${eab.hmacKey}') } }`;
  return `import { certificate, definePlaybook, portOf, release, Secret, service, systemdUnit, tcp } from 'pdeploy';
const ports = (i) => portOf(i, 'http');
export default definePlaybook({
  name: 'rollout', service: 'edge',
  steps: () => [
    certificate({ name: 'dns', servers: ['a.shop.test'], ports, trust: 'none', from: {
      acme: { ...${acme(`{ dns: ['${process.execPath}', 'hook.mjs', '${pebble.dns}'], verify: false }`)}, names: ['a.shop.test', '*.shop.test'] } } }),
    certificate({ name: 'http', servers: ['www.shop.test'], ports, trust: 'none', from: {
      acme: { ...${acme(`{ http: { listen: '127.0.0.1:${ports[2]}', through: ports } }`)}, key: 'rsa' } } }),
    release({ binary: 'x', from: 'x' }),
    systemdUnit({ user: 'edge', exec: ['/bin/true'] }),
    service({ health: { probes: [tcp({ port: 1 })] } }),
  ],
});
`;
}

/** Passes everything on, as the proxies of the fleet would. */
function proxy(port: number, to: number): Promise<Server> {
  const server = createServer((asked, answer) => {
    const options = { host: '127.0.0.1', port: to, path: asked.url, headers: asked.headers, agent: false };
    const passed = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502);
      response.pipe(answer);
    });
    passed.on('error', () => answer.writeHead(502).end());
    passed.end();
  });
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done(server)));
}

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function issue(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const all = { ...process.env, NODE_EXTRA_CA_CERTS: pebble.caFile, ...env };
  const child = spawn(process.execPath, [PDEPLOY, 'certs', 'issue', '-i', 'one', ...args], {
    cwd: dir,
    env: all,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

const kept = (name: string, file = 'current.pem'): string => join(dir, '.pdeploy/certs', name, file);

// Each goes on from where the one before has left the project.
describe('certs issue', { shuffle: false, timeout: 120_000 }, () => {
  test('a wildcard by DNS and a name by HTTP, from a CA that refuses nonces; what is good is left alone', async () => {
    const ran = await issue([]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^dns issued: [0-9a-f]{7} for a.shop.test, \*.shop.test, until .* UTC/);
    expect(ran.stdout).toMatch(/http issued: [0-9a-f]{7} for www.shop.test/);
    const { chain, keys } = readPem(readFileSync(kept('dns'), 'utf8'));
    expect([chain.length, keys.length, statSync(kept('dns')).mode & 0o777]).toEqual([2, 1, 0o600]);
    expect(namesOf(chain[0] ?? expect.fail())).toEqual(['DNS:a.shop.test', 'DNS:*.shop.test']);
    expect(readPem(readFileSync(kept('http'), 'utf8')).chain[0]?.publicKey.asymmetricKeyType).toBe('rsa');
    expect(new X509Certificate(await pebble.root()).ca).toBe(true);

    const again = await issue([]);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout.match(/is good, nothing to do/g)).toHaveLength(2);
  });

  test('a try that fails is not repeated before its pause, and what was there stays', async () => {
    const before = readFileSync(kept('dns'), 'utf8');
    const failed = await issue(['--name', 'dns', '--force'], { HOOK_FAILS: '1' });
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('error PD3510')]);
    expect(failed.stderr).toContain('ended with 3: the provider says no');
    expect(readFileSync(kept('dns'), 'utf8')).toBe(before);
    expect(JSON.parse(readFileSync(kept('dns', 'state.json'), 'utf8'))).toMatchObject({ failures: 1 });

    // A certificate that is not there is wanted, and yet nobody is asked in the pause.
    rmSync(kept('dns'));
    const early = await issue(['--name', 'dns']);
    expect([early.code, early.stderr]).toEqual([3, expect.stringContaining('error PD3511')]);
    expect((await issue(['--name', 'dns', '--force'])).code).toBe(0);
    expect(JSON.parse(readFileSync(kept('dns', 'state.json'), 'utf8'))).toMatchObject({
      failures: 0,
      retryAt: 0,
    });
  });

  test('the CA is not asked before every instance lets the challenge through', async () => {
    await new Promise((done) => proxies[1]?.close(done));
    const ran = await issue(['--name', 'http', '--force']);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('edge-1@2 does not let the challenge through');
  });

  test('an unknown name is a wrong flag', async () => {
    const ran = await issue(['--name', 'other']);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('there is: dns, http')]);
  });
});
