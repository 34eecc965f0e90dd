import { spawn } from 'node:child_process';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Notice, noticeText } from './notice.ts';

/** Where notices go, with what was secret in the settings already got. */
export type Sink =
  | { readonly kind: 'webhook' | 'slack'; readonly url: string }
  | { readonly kind: 'sendmail'; readonly to: string }
  | { readonly kind: 'exec'; readonly argv: readonly string[] };

const TIMEOUT_MS = 15_000;
/** Waits before the second, third and fourth try, in milliseconds. */
const AGAIN_AFTER = [2_000, 10_000, 60_000];

/** Tells one sink, again when it does not work. @returns why it could not be told; undefined when it was */
export async function deliver(
  sink: Sink,
  notice: Notice,
  options: { readonly againAfter?: readonly number[] } = {},
): Promise<string | undefined> {
  let why = await tryOnce(sink, notice);
  for (const wait of options.againAfter ?? AGAIN_AFTER) {
    if (why === undefined) return undefined;
    await sleep(wait);
    why = await tryOnce(sink, notice);
  }
  return why;
}

/** What a person may be shown of a sink: an address of Slack is a secret. */
export function sinkText(sink: Sink): string {
  switch (sink.kind) {
    case 'webhook':
    case 'slack':
      return `${sink.kind} ${new URL(sink.url).host}`;
    case 'sendmail':
      return `mail to ${sink.to}`;
    case 'exec':
      return `program ${sink.argv[0] ?? ''}`;
  }
}

async function tryOnce(sink: Sink, notice: Notice): Promise<string | undefined> {
  switch (sink.kind) {
    case 'webhook':
      return post(sink.url, JSON.stringify(notice));
    case 'slack':
      return post(sink.url, JSON.stringify({ text: noticeText(notice) }));
    case 'sendmail':
      return feed(['/usr/sbin/sendmail', '-i', '--', sink.to], mail(sink.to, notice));
    case 'exec':
      return feed(sink.argv, `${JSON.stringify(notice)}\n`);
  }
}

function mail(to: string, notice: Notice): string {
  const subject = `pdeploy ${notice.job} of ${notice.inventory} failed on ${notice.machine}`;
  return `To: ${to}\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n${noticeText(notice)}\n`;
}

function post(url: string, body: string): Promise<string | undefined> {
  const { protocol } = new URL(url);
  const request = protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const asked = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.resume();
        const status = answer.statusCode ?? 0;
        answer.on('close', () => resolve(status >= 200 && status < 300 ? undefined : `it answers ${status}`));
      },
    );
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end(body);
  });
}

function feed(argv: readonly string[], input: string): Promise<string | undefined> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'], timeout: TIMEOUT_MS });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `there is no program ${file}` : error.message),
    );
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `${file} ended with ${code ?? signal}`),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
