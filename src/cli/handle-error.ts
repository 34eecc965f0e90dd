import { EXIT, type ExitCode, PdeployError, UsageError } from '../errors.ts';
import { out } from './io.ts';

/** Prints an error the way docs/exit-codes.md promises and gives the exit code. */
export function handleError(error: unknown, debug: boolean): ExitCode {
  if (error instanceof UsageError && error.problems.some((p) => p.at !== undefined)) {
    out.err(renderUsage(error));
  } else if (error instanceof PdeployError) {
    out.err(
      `error ${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  hint: ${error.hint}`}\n`,
    );
  } else {
    const text = error instanceof Error ? error.message : String(error);
    out.err(
      `error PD1000: internal error: ${text}\n  This is a bug in pdeploy; run again with --debug and report what it prints.\n`,
    );
  }
  if (debug && error instanceof Error) out.err(`${error.stack ?? ''}\n`);
  return error instanceof PdeployError ? error.exitCode : EXIT.bug;
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
