import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * What of Vault's HTTP API `secret.vault` meets, as its documentation of KV version 2 has it:
 * - `GET /v1/<mount>/data/<path>` with the header X-Vault-Token; another token gets 403.
 * - 200 `{ "data": { "data": { <key>: <value> }, "metadata": { "version": 1 } } }`
 * - 404 `{ "errors": [] }` where there is nothing; a deleted version too, with metadata and `"data": null`.
 * - a mount of version 1 answers `{ "data": { <key>: <value> } }` below `<mount>/<path>`, so 404 below `data`.
 * - 503 `{ "errors": ["Vault is sealed"] }`
 * - a namespace is the header X-Vault-Namespace.
 */
export async function vaultServer(secrets: { readonly [path: string]: unknown }, token: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-vault-namespace'] ?? ''}`.trim());
    const say = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.headers['x-vault-request'] !== 'true') return say(400, { errors: ['no X-Vault-Request'] });
    if (request.headers['x-vault-token'] !== token) return say(403, { errors: ['permission denied'] });
    if (request.url === '/v1/sealed/data/a') return say(503, { errors: ['Vault is sealed'] });
    const [, mount, path] = /^\/v1\/([^/]+)\/data\/(.+)$/.exec(request.url ?? '') ?? [];
    const data = secrets[`${mount}/${decodeURIComponent(path ?? '')}`];
    if (data === undefined) return say(404, { errors: [] });
    const status = data === null ? 404 : 200;
    return say(status, { data: { data, metadata: { version: 1 } } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
