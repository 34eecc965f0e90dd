import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { rememberSecret } from '../util/redact.ts';
import { type Failure, failure, type Surroundings, type Text } from './wanted.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER = 4 << 20;

type Answer = { readonly status: number; readonly body: string };

/**
 * Reads one key of a secret by the HTTP API of HashiCorp Vault and OpenBao, KV version 2: `GET /v1/<mount>/data/<path>`.
 * Address, token and certificate are where the program vault looks for them: VAULT_ADDR, VAULT_TOKEN or ~/.vault-token,
 * VAULT_NAMESPACE, VAULT_CACERT.
 */
export async function readVault(path: string, key: string, around: Surroundings): Promise<Text | Failure> {
  const [mount, ...rest] = path.split('/');
  if (mount === undefined || mount === '' || rest.length === 0 || rest.includes(''))
    return failure(
      'PD2146',
      `"${path}" is not a path of Vault`,
      'the mount, then the path in it: secret/edge/prod',
    );
  const { VAULT_ADDR: address } = around.env;
  if (address === undefined || address === '')
    return failure(
      'PD2146',
      'VAULT_ADDR is not set',
      'the address of Vault, e.g. https://vault.example:8200',
    );
  const url = urlOf(address, [mount, 'data', ...rest]);
  if (url === undefined)
    return failure('PD2146', 'VAULT_ADDR is not an https URL', 'http is for a Vault on this machine only');
  const token = tokenOf(around);
  if (token === undefined) return failure('PD2146', 'no token for Vault', 'vault login, or set VAULT_TOKEN');
  // It may turn up in what programs and servers say.
  if (token.length >= 6) rememberSecret(token, '<secret VAULT_TOKEN>');
  try {
    const answer = await get(url, headers(token, around.env), around.env.VAULT_CACERT);
    return read(answer, path, key);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return failure('PD2146', `Vault at ${url.origin} does not answer: ${why}`);
  }
}

function urlOf(address: string, segments: readonly string[]): URL | undefined {
  try {
    const base = new URL(address);
    const local = ['127.0.0.1', '[::1]', 'localhost'].includes(base.hostname);
    if (base.protocol !== 'https:' && !(base.protocol === 'http:' && local)) return undefined;
    base.pathname = `${base.pathname.replace(/\/$/, '')}/v1/${segments.map(encodeURIComponent).join('/')}`;
    return base;
  } catch {
    return undefined;
  }
}

function tokenOf({ env, home }: Surroundings): string | undefined {
  if (env.VAULT_TOKEN !== undefined && env.VAULT_TOKEN !== '') return env.VAULT_TOKEN;
  try {
    const text = readFileSync(join(home, '.vault-token'), 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

function headers(token: string, env: NodeJS.ProcessEnv): { readonly [name: string]: string } {
  const namespace = env.VAULT_NAMESPACE;
  return {
    'X-Vault-Token': token,
    'X-Vault-Request': 'true',
    ...(namespace === undefined || namespace === '' ? {} : { 'X-Vault-Namespace': namespace }),
  };
}

function get(url: URL, sent: { readonly [name: string]: string }, ca: string | undefined): Promise<Answer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const trusted = ca === undefined || ca === '' ? {} : { ca: readFileSync(ca) };
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { headers: sent, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS), ...trusted },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > MAX_ANSWER) answer.destroy(new Error('the answer is too large'));
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

function read({ status, body }: Answer, path: string, key: string): Text | Failure {
  if (status === 403) return failure('PD2146', `Vault does not let this token read ${path}`);
  if (status === 404)
    return failure('PD2141', `there is no ${path} in Vault, or its newest version was deleted`);
  if (status === 503) return failure('PD2146', 'Vault is sealed or not the active node');
  if (status !== 200) return failure('PD2146', `Vault answers ${status} for ${path}`);
  const data = dataOf(body);
  if (data === undefined)
    return failure(
      'PD2146',
      `what Vault answers for ${path} is not a secret`,
      'is the mount a KV of version 2?',
    );
  if (!Object.hasOwn(data, key)) return failure('PD2141', `there is no ${key} in ${path} of Vault`);
  const value = data[key];
  return typeof value === 'string'
    ? { kind: 'text', text: value }
    : failure('PD2146', `${key} in ${path} of Vault is not a text`);
}

function dataOf(body: string): { readonly [key: string]: unknown } | undefined {
  try {
    const outer = (JSON.parse(body) as { readonly data?: { readonly data?: unknown } }).data?.data;
    return typeof outer === 'object' && outer !== null
      ? (outer as { readonly [key: string]: unknown })
      : undefined;
  } catch {
    return undefined;
  }
}
