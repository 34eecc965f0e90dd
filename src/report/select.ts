import type { WriteStream } from 'node:tty';
import type { Plan } from '../model/plan.ts';
import { createJsonlReporter } from './jsonl.ts';
import { createPlainReporter } from './plain.ts';
import type { Reporter, Sink } from './port.ts';
import { detectStyle } from './style.ts';

/** A stream that may or may not be a terminal. */
export type Output = Sink & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

export type ReporterOptions = {
  readonly output: 'text' | 'jsonl';
  readonly stdout: Sink;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly plan?: Plan | undefined;
  /** Is anybody reading the keyboard? */
  readonly keys: boolean;
  /** Show nothing but the end. */
  readonly quiet?: boolean;
};

/** Events as data on standard output; else a live picture where one can be drawn, else lines, on standard error. */
export async function createReporter(options: ReporterOptions): Promise<Reporter> {
  const { stderr, env, plan } = options;
  if (options.output === 'jsonl') return createJsonlReporter(options.stdout);
  if (options.quiet === true) return { event: () => {}, end: async () => {} };
  const style = detectStyle(stderr, env);
  if (isTerminal(stderr) && env.TERM !== 'dumb' && (env.CI ?? '') === '') {
    const { createLiveReporter } = await import('./live.ts');
    return createLiveReporter({ stream: stderr, plan, style, keys: options.keys });
  }
  return createPlainReporter({ sink: stderr, plan, style });
}

function isTerminal(stream: Output): stream is WriteStream {
  // A terminal without a size has 0 columns: there is no line that listr2 could cut to that.
  return stream.isTTY === true && stream.columns !== 0 && 'on' in stream;
}
