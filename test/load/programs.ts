import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one kind of client saw. `p99Ms` is absent where its program does not tell. */
export type Seen = {
  readonly client: string;
  readonly requests: number;
  /** Failed requests by kind: `connect`, `read`, `status`, ... Only those that are not 0. */
  readonly failed: { readonly [kind: string]: number };
  readonly p99Ms?: number;
};

export type Load = { readonly end: () => Promise<Seen> };

/** wrk with a pause after each answer, so that the machine is not the bottleneck; ended, it tells what it saw. */
export function startWrk(
  url: string,
  {
    connections,
    delayMs,
    kept,
  }: { readonly connections: number; readonly delayMs: number; readonly kept: boolean },
): Load {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-wrk-'));
  const script = join(dir, 'delay.lua');
  writeFileSync(
    script,
    `function delay() return ${delayMs} end\n${kept ? '' : 'wrk.headers["Connection"] = "close"\n'}`,
  );
  const args = ['-t1', `-c${connections}`, '-d3600s', '--timeout', '20s', '--latency', '-s', script, url];
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const done = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    end: async () => {
      child.kill('SIGINT');
      await done;
      rmSync(dir, { recursive: true });
      return { client: kept ? 'wrk, kept connections' : 'wrk, new connections', ...readWrk(text) };
    },
  };
}

/** Exported for its test: the text that wrk 4 prints. */
export function readWrk(text: string): Omit<Seen, 'client'> {
  const requests = Number(/(\d+) requests in /.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(requests)) throw new Error(`wrk told nothing:\n${text}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const status = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  const kinds = { connect: errors?.[1], read: errors?.[2], write: errors?.[3], timeout: errors?.[4], status };
  const p99 = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text);
  const unit = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[p99?.[2] as 'us' | 'ms' | 's' | 'm'] ?? 1;
  return {
    requests,
    failed: counted(kinds),
    ...(p99 === null ? {} : { p99Ms: Number(p99[1]) * unit }),
  };
}

/** h2load over HTTP/2 without TLS, in slices of a few seconds until it is ended. */
export function startH2load(url: string, rate: number): Load {
  let on = true;
  const total = { requests: 0, failed: 0, timeout: 0, status: 0 };
  const loop = (async () => {
    while (on) {
      const args = ['-D', '4', '-c', '4', '-m', '4', `--rps=${Math.ceil(rate / 4)}`, url];
      const text = await output('h2load', args);
      const line =
        /requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/;
      const [, done, failed, errored, timeout] = (line.exec(text) ?? []).map(Number);
      if (done === undefined) throw new Error(`h2load told nothing:\n${text}`);
      const wrong = /status codes: \d+ 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx/.exec(text);
      total.requests += done;
      total.failed += Math.max(failed ?? 0, errored ?? 0);
      total.timeout += timeout ?? 0;
      total.status += Number(wrong?.[1] ?? 0) + Number(wrong?.[2] ?? 0);
    }
  })();
  return {
    end: async () => {
      on = false;
      await loop;
      const { requests, ...failed } = total;
      return { client: 'h2load, HTTP/2', requests, failed: counted(failed) };
    },
  };
}

function output(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

export function counted(kinds: { readonly [kind: string]: string | number | undefined }) {
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([k, n]) => (Number(n ?? 0) > 0 ? [[k, Number(n)]] : [])),
  );
}
