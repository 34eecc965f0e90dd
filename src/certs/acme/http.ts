import { createServer, request } from 'node:http';

export type Place = { readonly name: string; readonly address: string; readonly port: number };

const PATH = '/.well-known/acme-challenge/';
const TIMEOUT_MS = 10_000;

export type Responder = {
  /** Answers a token, and makes sure that every place lets the answer through. @throws Error when one does not */
  readonly present: (token: string, answer: string, domain: string) => Promise<void>;
  readonly remove: (token: string) => void;
  readonly close: () => Promise<void>;
};

/**
 * Answers HTTP-01 challenges on this machine, for a fleet whose proxies pass them on: whichever instance the CA asks, the
 * answer is there before it does.
 */
export async function openResponder(
  listen: { readonly host: string; readonly port: number },
  places: readonly Place[],
): Promise<Responder> {
  const answers = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const answer = url.startsWith(PATH) ? answers.get(url.slice(PATH.length)) : undefined;
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/octet-stream' });
    response.end(answer ?? '');
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(listen.port, listen.host, done);
  });
  return {
    present: async (token, answer, domain) => {
      answers.set(token, answer);
      const wrong = (
        await Promise.all(places.map((place) => problemAt(place, token, answer, domain)))
      ).filter((why) => why !== '');
      if (wrong.length > 0) throw new Error(wrong.join('; '));
    },
    remove: (token) => {
      answers.delete(token);
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** '' when the answer comes through. */
function problemAt(place: Place, token: string, answer: string, domain: string): Promise<string> {
  return new Promise((resolve) => {
    const { address: host, port } = place;
    const say = (why: string): void => resolve(`${place.name} does not let the challenge through: ${why}`);
    const headers = { host: domain, connection: 'close' };
    const options = { host, port, path: `${PATH}${token}`, headers, agent: false, timeout: TIMEOUT_MS };
    const asked = request(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        if (body.length < 4_096) body += chunk.toString('latin1');
      });
      response.on('error', (error) => say(error.message));
      response.on('end', () => {
        if (body.trim() === answer) resolve('');
        else say(`it answered ${response.statusCode} with something else`);
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', (error) => say(error.message));
    asked.end();
  });
}
