import { isIP } from 'node:net';
import type { RawHttp } from '../../health/echo.ts';
import { type Front, hostOfUrl, type Through } from '../../model/through.ts';
import { askHttp } from '../ask-http.ts';

/** One request as a client would make it, over a new connection to this balancer. */
export function askThrough(through: Through, front: Front, signal: AbortSignal): Promise<RawHttp> {
  const url = new URL(through.url);
  const name = hostOfUrl(through.url);
  return askHttp({
    id: '',
    address: front.address,
    port: front.port,
    path: `${url.pathname}${url.search}`,
    tls: url.protocol === 'https:',
    ...(isIP(name) === 0 ? { server: name } : {}),
    headers: { host: url.host, ...through.headers },
    timeoutMs: through.timeoutMs,
    signal,
  });
}
