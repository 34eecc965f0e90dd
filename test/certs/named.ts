import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './pebble.ts';

/** BIND with one zone, whose TXT records who has the key may change (RFC 2136). */
export type Named = {
  /** `127.0.0.1:5353` */
  readonly server: string;
  readonly keyFile: string;
  /** Texts of a name, in order. */
  readonly texts: (name: string) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
};

export async function startNamed(dir: string, zone: string): Promise<Named> {
  mkdirSync(dir, { recursive: true });
  const [port = 0] = await freePorts(1);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const key = keyText('acme');
  write('zone', `$TTL 60\n@ SOA ns hostmaster 1 60 60 600 1\n@ NS ns\nns A 127.0.0.1\n`);
  const conf = write(
    'named.conf',
    `options {
  directory "${dir}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  pid-file none;
  session-keyfile none;
};
controls { };
${key}
zone "${zone}" { type primary; file "zone"; update-policy { grant acme subdomain ${zone}. TXT; }; };
`,
  );
  const child = spawn('/usr/sbin/named', ['-g', '-c', conf], { stdio: 'ignore' });
  const gone = new Promise((done) => child.once('exit', done));
  const server = `127.0.0.1:${port}`;
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  resolver.setServers([server]);
  for (let n = 0; n < 200; n += 1) {
    if (await resolver.resolveNs(zone).catch(() => undefined)) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return {
    server,
    keyFile: write('acme.key', key),
    texts: async (name) => {
      const found = await resolver.resolveTxt(name).catch(() => []);
      return found.map((parts) => parts.join('')).sort();
    },
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** A TSIG key as nsupdate and named take it. */
export function keyText(name: string): string {
  return `key "${name}" { algorithm hmac-sha256; secret "${randomBytes(32).toString('base64')}"; };\n`;
}
