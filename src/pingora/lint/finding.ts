import type { Position, Problem } from '../../errors.ts';

/** `error`: the service would not do what the file says, or would fail. `warning`: it will hurt one day. */
export type Severity = 'error' | 'warning';

/** Where something stands, ready to be shown. */
export type Spot = { readonly at: Position; readonly excerpt: string; readonly path?: string };

/** One thing that a rule has to say. */
export type Report = {
  readonly severity: Severity;
  readonly spot: Spot;
  /** What is wrong, and what it leads to. */
  readonly why: string;
  /** What to write, as an order: `write threads: 2`. */
  readonly instead: string;
};

export type Finding = Report & { readonly code: string; readonly rule: string };

/** In the form in which pdeploy prints problems. */
export function toProblem(finding: Finding): Problem {
  const { spot } = finding;
  return {
    code: finding.code,
    message: finding.why,
    at: spot.at,
    excerpt: spot.excerpt,
    hint: finding.instead,
    ...(spot.path === undefined ? {} : { path: spot.path }),
  };
}

/** For machines: `pdeploy check --output json`. */
export function toJson(finding: Finding): { readonly [key: string]: string | number } {
  const { code, rule, severity, why, instead, spot } = finding;
  const { file, line, col } = spot.at;
  return { code, rule, severity, file, line, col, ...(spot.path ? { path: spot.path } : {}), why, instead };
}
