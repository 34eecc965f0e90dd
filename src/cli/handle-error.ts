import { EXIT, type ExitCode, PdeployError, UsageError } from '../errors.ts';
import { sanitizeLines } from '../util/sanitize.ts';
import { out } from './io.ts';

/** Prints an error the way docs/exit-codes.md promises and gives the exit code. */
export function handleError(error: unknown, debug: boolean): ExitCode {
  const stack = debug && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  out.err(sanitizeLines(errorText(error) + stack).join('\n'));
  return error instanceof PdeployError ? error.exitCode : EXIT.bug;
}

/** Quotes what people and hosts wrote as they wrote it. */
function errorText(error: unknown): string {
  if (error instanceof UsageError && error.problems.some((p) => p.at !== undefined))
    return renderUsage(error);
  if (error instanceof PdeployError)
    return `error ${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  hint: ${error.hint}`}\n`;
  const text = error instanceof Error ? error.message : String(error);
  return `error PD1000: internal error: ${text}\n  This is a bug in pdeploy; run again with --debug and report what it prints.\n`;
}

function renderUsage(error: UsageError): string {
  const blocks = error.problems.map((p) => {
    const place =
      p.at === undefined
        ? ''
        : `\n  ${p.at.file}:${p.at.line}:${p.at.col}${p.path === undefined ? '' : `  ${p.path}`}`;
    const excerpt = p.excerpt === undefined ? '' : `\n${p.excerpt}`;
    const hint = p.hint === undefined || p.excerpt?.includes(p.hint) === true ? '' : `\n  hint: ${p.hint}`;
    return `error ${p.code}: ${p.message}${place}${excerpt}${hint}`;
  });
  const n = error.problems.length;
  return `${blocks.join('\n')}\n${n} ${n === 1 ? 'problem' : 'problems'}. Nothing was contacted.\n`;
}
