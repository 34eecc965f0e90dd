import { request } from 'node:https';

export type Target = { readonly address: string; readonly port: number };

export type Load = {
  /** Ends it; how many requests were answered, and why the others were not. */
  readonly end: () => Promise<{ readonly answered: number; readonly failed: readonly string[] }>;
};

/**
 * A client behind a load balancer: a new TLS connection for each request, the next instance when one takes no connection,
 * or resets one that it has not spoken on: a port that is closed does so with what waits in its queue.
 * Once the handshake is done, an answer has to come.
 */
export function tlsLoad(targets: readonly Target[], server: string): Load {
  let answered = 0;
  let stopped = false;
  const failed: string[] = [];
  const worker = async (first: number): Promise<void> => {
    for (let turn = first; !stopped; turn += 1) {
      let why = NOT_TAKEN;
      for (let i = 0; i < targets.length; i += 1) {
        const target = targets[(turn + i) % targets.length];
        if (target === undefined) continue;
        why = await ask(target, server);
        if (why !== NOT_TAKEN) break;
      }
      if (why === '') answered += 1;
      else failed.push(why);
    }
  };
  const workers = [0, 1, 2].map(worker);
  return {
    end: async () => {
      stopped = true;
      await Promise.all(workers);
      return { answered, failed };
    },
  };
}

const NOT_TAKEN = 'nobody takes connections';

/** '' when it was answered with 200. */
function ask({ address, port }: Target, server: string): Promise<string> {
  return new Promise((resolve) => {
    const req = request({
      host: address,
      port,
      servername: server,
      headers: { host: server, connection: 'close' },
      agent: false,
      rejectUnauthorized: false,
      timeout: 10_000,
    });
    req.on('timeout', () => req.destroy(new Error('no answer in 10 s')));
    let spoke = false;
    req.on('socket', (socket) => socket.once('secureConnect', () => (spoke = true)));
    req.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      const early = code === 'ECONNREFUSED' || (code === 'ECONNRESET' && !spoke);
      resolve(early ? NOT_TAKEN : (code ?? message));
    });
    req.on('response', (response) => {
      response.resume();
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => resolve(response.statusCode === 200 ? '' : `answered ${response.statusCode}`));
    });
    req.end();
  });
}
