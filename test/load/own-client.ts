import { Agent, request } from 'node:http';
import { counted, type Load, type Seen } from './programs.ts';

/** Answers by second and release: what the picture is made of. */
export type Timeline = ReadonlyMap<number, ReadonlyMap<string, number>>;

type Answer = { readonly status: number; readonly release: string };

/** Kept connections that ask in turn and write down which release answered when. */
export function startSampler(
  url: string,
  connections: number,
  delayMs: number,
): Load & { readonly timeline: Timeline } {
  const timeline = new Map<number, Map<string, number>>();
  const started = performance.now();
  const load = startLoop('own, release by time', connections, delayMs, async (agent) => {
    const { release, status } = await ask(agent, url, 'GET');
    const second = Math.floor((performance.now() - started) / 1_000);
    const counts = timeline.get(second) ?? new Map<string, number>();
    timeline.set(second, counts.set(release, (counts.get(release) ?? 0) + 1));
    return status;
  });
  return { ...load, timeline };
}

/** Requests whose answers take seconds: what a drain has to wait for. */
export function startSlow(url: string, connections: number): Load {
  return startLoop(
    'own, slow answers',
    connections,
    10,
    async (agent) => (await ask(agent, url, 'GET')).status,
  );
}

/** One body of 20 MB after the other. */
export function startUploads(url: string): Load {
  const body = Buffer.alloc(20_000_000, 'x');
  return startLoop(
    'own, 20 MB uploads',
    1,
    500,
    async (agent) => (await ask(agent, url, 'POST', body)).status,
  );
}

function startLoop(
  client: string,
  connections: number,
  delayMs: number,
  once: (agent: Agent) => Promise<number>,
): Load {
  const failed: Record<string, number> = {};
  let requests = 0;
  let on = true;
  const loops = Array.from({ length: connections }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (on) {
      requests += 1;
      const kind = await once(agent).then(
        (status) => (status < 400 ? '' : `status ${status}`),
        (error: NodeJS.ErrnoException) => error.code ?? 'error',
      );
      if (kind !== '') failed[kind] = (failed[kind] ?? 0) + 1;
      await new Promise((r) => setTimeout(r, delayMs));
    }
    agent.destroy();
  });
  return {
    end: async (): Promise<Seen> => {
      on = false;
      await Promise.all(loops);
      return { client, requests, failed: counted(failed) };
    },
  };
}

function ask(agent: Agent, url: string, method: string, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent, method, timeout: 60_000 }, (res) => {
      res.resume();
      res.on('error', reject);
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, release: String(res.headers['x-release'] ?? '') }),
      );
    });
    req.on('error', reject);
    req.on('timeout', () => req.destroy(Object.assign(new Error('timeout'), { code: 'timeout' })));
    req.end(body);
  });
}
