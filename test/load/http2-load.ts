import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type Load, newTally, pause, type Timeline } from './seen.ts';

const LIMIT_MS = 20_000;
const REPEATS = 2;

export type Http2Options = {
  readonly client: string;
  readonly connections: number;
  /** Requests in flight on each. */
  readonly streams: number;
  readonly delayMs: number;
};

type Outcome = { readonly release: string } | { readonly failed: string; readonly refused: boolean };

/**
 * GET over HTTP/2 with TLS, whoever the certificate is for. A connection that is told to go away (RFC 9113, section 6.8) finishes what
 * it began, and another one is opened. What the other side says that it did not look at is sent again, as any client does.
 */
export function startHttp2(url: string, options: Http2Options): Load & { readonly timeline: Timeline } {
  const tally = newTally(options.client);
  let on = true;
  const line = async (): Promise<void> => {
    let session: ClientHttp2Session | undefined;
    const current = (): ClientHttp2Session => {
      if (session === undefined || session.closed || session.destroyed) {
        session = connect(url, { rejectUnauthorized: false });
        // Each of its requests hears of it too.
        session.on('error', () => undefined);
        session.once('goaway', () => tally.apart('connections told to go away'));
      }
      return session;
    };
    const stream = async (): Promise<void> => {
      while (on) {
        tally.began();
        const asked = performance.now();
        let outcome = await get(current());
        for (let again = 0; again < REPEATS && 'failed' in outcome && outcome.refused; again += 1) {
          tally.apart('refused by GOAWAY and sent again');
          outcome = await get(current());
        }
        if ('failed' in outcome) tally.failed(outcome.failed);
        else tally.answered(performance.now() - asked, outcome.release);
        await pause(options.delayMs);
      }
    };
    await Promise.all(Array.from({ length: options.streams }, stream));
    session?.destroy();
  };
  const lines = Array.from({ length: options.connections }, line);
  return {
    timeline: tally.timeline,
    end: async () => {
      on = false;
      await Promise.all(lines);
      return tally.seen();
    },
  };
}

function get(session: ClientHttp2Session): Promise<Outcome> {
  return new Promise((resolve) => {
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ':path': '/' });
    } catch (error) {
      // It was told to go away in this very moment: nothing was sent.
      return resolve({ failed: (error as NodeJS.ErrnoException).code ?? 'error', refused: true });
    }
    let [status, release, failed] = ['', '', ''];
    stream.setTimeout(LIMIT_MS, () => {
      failed = 'timeout';
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (headers) => {
      status = String(headers[':status']);
      release = String(headers['x-release'] ?? '');
    });
    stream.resume();
    let ended = false;
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      failed ||= error.code ?? 'error';
    });
    stream.on('close', () => {
      const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      if (failed !== '' || !ended || status === '')
        resolve({ failed: failed || `closed, ${stream.rstCode}`, refused });
      else resolve(status === '200' ? { release } : { failed: `status ${status}`, refused: false });
    });
  });
}
