import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { counted, type Load, p99, type Seen } from './seen.ts';

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
      return { client: kept ? 'HTTP/1.1, kept connections' : 'HTTP/1.1, new connections', ...readWrk(text) };
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
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-h2load-'));
  const log = join(dir, 'log');
  let on = true;
  const total = { requests: 0, failed: 0, timeout: 0, status: 0 };
  const times: number[] = [];
  const loop = (async () => {
    while (on) {
      const args = [
        '-D',
        '4',
        '-c',
        '4',
        '-m',
        '4',
        `--rps=${Math.ceil(rate / 4)}`,
        `--log-file=${log}`,
        url,
      ];
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
      for (const ms of readH2loadLog(readFileSync(log, 'utf8'))) times.push(ms);
      rmSync(log);
    }
  })();
  return {
    end: async () => {
      on = false;
      await loop;
      rmSync(dir, { recursive: true });
      const { requests, ...failed } = total;
      return { client: 'HTTP/2 to HAProxy', requests, failed: counted(failed), ...p99(times) };
    },
  };
}

/** Exported for its test: milliseconds from lines of start, status and time, the times in microseconds. */
export function readH2loadLog(text: string): readonly number[] {
  return text.split('\n').flatMap((line) => {
    const took = line.split('\t')[2];
    return took === undefined ? [] : [Number(took) / 1_000];
  });
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
