import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE, frame, frameReader, PING, PONG } from './frames.ts';
import { acceptOf } from './websocket.ts';

/** What the service under load proxies to: reads every body to its end, then answers, and repeats what comes over a WebSocket. */
export function newUpstream(): Server {
  const server = createServer((req, res) => {
    req.resume();
    req.on('end', () => res.end('read'));
  });
  server.keepAliveTimeout = 600_000;
  server.on('upgrade', (req, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${acceptOf(String(req.headers['sec-websocket-key']))}\r\n\r\n`,
    );
    const read = frameReader(({ opcode, payload }) => {
      socket.write(frame(opcode === PING ? PONG : opcode, payload, false));
      if (opcode === CLOSE) socket.end();
    });
    socket.on('data', read);
    socket.on('end', () => socket.end());
  });
  return server;
}
