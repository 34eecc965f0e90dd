import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RawHttp } from '../health/echo.ts';

const BODY_LIMIT = 4_096;

export type HttpQuestion = {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly tls: boolean;
  /** Name that a TLS server is asked for; absent when it is only an address. */
  readonly server?: string;
  readonly headers: { readonly [name: string]: string };
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

/** One request over a new connection. Never throws: what went wrong is in the answer. */
export function askHttp(question: HttpQuestion): Promise<RawHttp> {
  const { id, tls, server, timeoutMs, signal } = question;
  return new Promise((resolve) => {
    const fail = (error: string): void =>
      resolve({ id, kind: 'http', status: 0, error, headers: [], body: '' });
    const send = tls ? httpsRequest : httpRequest;
    const limit = AbortSignal.timeout(timeoutMs);
    const req = send({
      host: question.address,
      port: question.port,
      path: question.path,
      agent: false,
      timeout: timeoutMs,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      // The certificate is judged by `certs`; here only the process is.
      rejectUnauthorized: false,
      ...(server === undefined ? {} : { servername: server }),
      headers: { connection: 'close', ...question.headers },
    });
    req.on('error', (error: NodeJS.ErrnoException) => fail(errorWords(error)));
    req.on('response', (res) => {
      let body = '';
      res.on('data', (chunk: Buffer) => {
        if (body.length < BODY_LIMIT) body += chunk.toString('utf8');
      });
      res.on('error', (error) => fail(errorWords(error)));
      res.on('end', () => {
        const headers = Object.entries(res.headers).map(([k, v]): [string, string] => [k, String(v)]);
        resolve({
          id,
          kind: 'http',
          status: res.statusCode ?? 0,
          error: '',
          headers,
          body: body.slice(0, BODY_LIMIT),
        });
      });
    });
    req.end();
  });
}

export function errorWords(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection reset';
    case 'ABORT_ERR':
      return 'no answer in time';
    default:
      return error.name === 'TimeoutError' || error.name === 'AbortError'
        ? 'no answer in time'
        : error.message;
  }
}
