import { constants, createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import { makePair } from '../certs/authority.ts';
import { startHttp2 } from './http2-load.ts';
import type { Seen } from './seen.ts';

type Answer = (stream: ServerHttp2Stream, session: ServerHttp2Session, nth: number) => void;

async function seenWith(answer: Answer): Promise<Seen> {
  const { cert, key } = makePair('localhost');
  const server = createSecureServer({ cert, key });
  let n = 0;
  server.on('session', (session) =>
    session.on('stream', (stream) => {
      stream.on('error', () => undefined);
      answer(stream, session, ++n);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const port = at !== null && typeof at === 'object' ? at.port : 0;
  const how = { client: 'HTTP/2', connections: 1, streams: 2, delayMs: 2 };
  const load = startHttp2(`https://127.0.0.1:${port}/`, how);
  await expect.poll(() => n, { timeout: 20_000 }).toBeGreaterThan(30);
  const seen = await load.end();
  server.close();
  return seen;
}

const ok = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200, 'x-release': 'one' });
  stream.end('read');
};

test('a connection that is told to go away is left for another one, and nothing fails', async () => {
  const seen = await seenWith((stream, session, nth) => {
    if (nth === 10) session.close();
    ok(stream);
  });
  expect(seen).toMatchObject({ failed: {}, apart: { 'connections told to go away': 1 } });
});

test('a request is sent again only if the other side did not look at it', async () => {
  const refused = await seenWith((stream, _, nth) => {
    if (nth === 10) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else ok(stream);
  });
  expect(refused).toMatchObject({ failed: {}, apart: { 'refused by GOAWAY and sent again': 1 } });

  const lost = await seenWith((stream, _, nth) => {
    if (nth === 10) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else ok(stream);
  });
  expect(lost).toMatchObject({ failed: { ERR_HTTP2_STREAM_ERROR: 1 }, apart: {} });

  const cut = await seenWith((stream, session, nth) => {
    if (nth === 10) session.destroy();
    else ok(stream);
  });
  expect(Object.values(cut.failed).reduce((a, b) => a + b, 0)).toBeGreaterThan(0);
});
