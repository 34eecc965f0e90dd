import { z } from 'zod';
import { explainIssue } from '../config/explain-issue.ts';
import type { Problem } from '../errors.ts';
import type { Hook, HookName } from '../model/playbook.ts';
import { parseDuration } from '../util/duration.ts';

type Argv = readonly [string, ...string[]];
type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`;

/** Programs that run on the controller, in the project directory, without a shell. One that fails ends the deployment. */
export type HookOptions = {
  readonly [N in HookName]?:
    | Argv
    | { readonly argv: Argv; readonly timeout?: Duration | undefined }
    | undefined;
};

const TIMEOUT_MS = 60_000;

const argv = z.array(z.string()).min(1, 'expected a program and its arguments');
const hook = z.union(
  [
    argv,
    z.strictObject({
      argv,
      timeout: z
        .custom<Duration>(
          (v) => typeof v === 'string' && parseDuration(v) !== undefined,
          'expected a duration such as "30s"',
        )
        .optional(),
    }),
  ],
  { error: 'expected a list of a program and its arguments, or { argv, timeout }' },
);

const schema = z.strictObject({
  beforePlan: hook.optional(),
  beforeWave: hook.optional(),
  afterWave: hook.optional(),
  afterDeployment: hook.optional(),
  onFailure: hook.optional(),
});

/** The model's hooks, or what is wrong with those given. */
export function toHooks(
  options: HookOptions | undefined,
): { readonly hooks: Partial<Record<HookName, Hook>> } | { readonly problems: readonly Problem[] } {
  const parsed = schema.safeParse(options ?? {}, { reportInput: true });
  if (!parsed.success)
    return {
      problems: parsed.error.issues.map((issue) => ({
        code: 'PD2105',
        message: `definePlaybook(): ${['hooks', ...issue.path].map(String).join('.')}: ${explainIssue(issue, Object.keys(schema.shape))}`,
      })),
    };
  const hooks: Partial<Record<HookName, Hook>> = {};
  for (const [name, given] of Object.entries(parsed.data)) {
    if (given === undefined) continue;
    const { argv: words, timeout } = Array.isArray(given) ? { argv: given, timeout: undefined } : given;
    hooks[name as HookName] = {
      argv: words,
      timeoutMs: timeout === undefined ? TIMEOUT_MS : (parseDuration(timeout) ?? TIMEOUT_MS),
    };
  }
  return { hooks };
}
