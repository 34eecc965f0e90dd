import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AcmeChallenge } from '../../model/certificate.ts';

export type DnsRecord = {
  readonly action: 'present' | 'remove';
  /** `shop.example`; of a wildcard without its `*.`. */
  readonly domain: string;
  /** `_acme-challenge.shop.example` */
  readonly name: string;
  readonly value: string;
};

const TTL = 60;
const NSUPDATE_TIMEOUT_MS = 60_000;

/** Makes or removes the TXT record of a challenge. @throws Error with the last words of the program */
export async function updateDns(
  challenge: Exclude<AcmeChallenge, { kind: 'http' }>,
  record: DnsRecord,
  project: string,
): Promise<void> {
  if (challenge.kind === 'dns-hook')
    return await run(challenge.argv, `${JSON.stringify(record)}\n`, project, challenge.timeoutMs);
  const keyFile = resolve(project, challenge.keyFile);
  // Without it nsupdate goes on unsigned, and what it says in the end is that it was refused.
  await access(keyFile, constants.R_OK).catch(() => {
    throw new Error(`the key file ${challenge.keyFile} cannot be read`);
  });
  const argv = ['nsupdate', '-k', keyFile];
  await run(argv, nsupdateLines(challenge, record), project, NSUPDATE_TIMEOUT_MS);
}

export function nsupdateLines(
  { server, zone }: Extract<AcmeChallenge, { kind: 'rfc2136' }>,
  { action, name, value }: DnsRecord,
): string {
  const [address, port] = /^(.+):(\d+)$/.exec(server)?.slice(1) ?? [server];
  const update = action === 'present' ? `add ${name}. ${TTL}` : `delete ${name}.`;
  return [
    `server ${address}${port === undefined ? '' : ` ${port}`}`,
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    `update ${update} TXT "${value}"`,
    'send',
    '',
  ].join('\n');
}

function run(argv: readonly string[], input: string, cwd: string, timeoutMs: number): Promise<void> {
  const [file = '', ...args] = argv;
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd, timeout: timeoutMs, stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_096);
    });
    child.on('error', (error) => fail(new Error(`${file}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return done();
      const last = said.trim().split('\n').at(-1) ?? '';
      fail(new Error(`${file} ended with ${code ?? signal}${last === '' ? '' : `: ${last}`}`));
    });
    // One that ends without reading is told by its exit.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
