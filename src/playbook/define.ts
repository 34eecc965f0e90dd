import type { z } from 'zod';
import { nearest } from '../config/did-you-mean.ts';
import { describe, explainIssue, typeName } from '../config/explain-issue.ts';
import { type Problem, UsageError } from '../errors.ts';
import type { Playbook, Step, StepContext, StepDraft } from '../model/playbook.ts';
import { isSecretSource, type SecretSource } from '../model/secret-source.ts';
import { DEFAULT_STRATEGY } from '../model/strategy.ts';
import { type HookOptions, toHooks } from './hooks.ts';
import { resolveSteps } from './resolve.ts';
import { type StrategyOptions, toStrategy } from './strategy.ts';

type NoVars = z.ZodObject<Record<never, never>>;

export type PlaybookOptions<S extends z.ZodType, N extends string = string> = {
  /** `a-z`, `0-9` and `-`; the file is best called the same. */
  readonly name: string;
  /** The service it is about: `a-z`, `0-9` and `-`, at most 32. Units are `<service>@<instance>.service`. */
  readonly service: string;
  /** The variables it takes from the inventory; those it does not name are none of its business. */
  readonly vars?: S | undefined;
  readonly strategy?: StrategyOptions | undefined;
  readonly hooks?: HookOptions | undefined;
  /** Secrets by the names that `steps` finds them under; got before any host is contacted. */
  readonly secrets?: { readonly [K in N]: SecretSource } | undefined;
  /**
   * The desired state of one host. Called once a host and must be pure: the same context gives the same steps, whatever
   * the time, the environment or the network say. `false` and `undefined` in the list are left out.
   */
  readonly steps: (ctx: StepContext<z.output<S>, N>) => readonly (Step | StepDraft | undefined | false)[];
};

const KEYS = ['name', 'service', 'vars', 'strategy', 'hooks', 'secrets', 'steps'];
const playbooks = new WeakMap<object, PlaybookOptions<z.ZodType>>();

/**
 * A playbook; the default export of a file in `playbooks/`.
 * @throws UsageError PD2105 with everything that is wrong
 * @example
 * export default definePlaybook({
 *   name: 'rollout', service: 'edge',
 *   vars: z.object({ workers: z.int().default(2) }),
 *   strategy: { wave: '20%', canary: 1 },
 *   steps: ({ vars, instances, paths }) => [...],
 * })
 */
export function definePlaybook<S extends z.ZodType = NoVars, N extends string = never>(
  options: PlaybookOptions<S, N>,
): Playbook {
  const strategy = toStrategy(options.strategy);
  const hooks = toHooks(options.hooks);
  const known = options as unknown as PlaybookOptions<z.ZodType>;
  const problems: Problem[] = [...ownProblems(known), ...problemsOf(strategy), ...problemsOf(hooks)];
  if (problems.length > 0 || !('strategy' in strategy) || !('hooks' in hooks)) throw new UsageError(problems);
  const defaulted = { ...DEFAULT_STRATEGY, ...strategy.strategy };
  const playbook: Playbook = {
    name: options.name,
    service: options.service,
    strategy: strategy.strategy,
    hooks: hooks.hooks,
    secrets: new Map(Object.entries<SecretSource>(options.secrets ?? {})),
    parseVars: (input) => parseVars(options.vars, input),
    steps: (ctx) => resolveSteps(options.name, options.steps(ctx), ctx, defaulted),
  };
  playbooks.set(playbook, known);
  return playbook;
}

/**
 * The same playbook under another name, with some of its strategy and hooks replaced.
 * @example export default extendPlaybook(rollout, { name: 'rollout-fast', strategy: { wave: '25%' } })
 */
export function extendPlaybook(
  base: Playbook,
  over: Pick<PlaybookOptions<z.ZodType>, 'name' | 'strategy' | 'hooks'>,
): Playbook {
  const options = playbooks.get(base);
  if (options === undefined)
    throw UsageError.of('PD2105', 'extendPlaybook(): the first argument is not a playbook');
  return definePlaybook({
    ...options,
    ...over,
    strategy: { ...options.strategy, ...over.strategy },
    hooks: { ...options.hooks, ...over.hooks },
  });
}

export function isPlaybook(value: unknown): value is Playbook {
  return typeof value === 'object' && value !== null && playbooks.has(value);
}

function parseVars(schema: z.ZodType | undefined, input: unknown): ReturnType<Playbook['parseVars']> {
  if (schema === undefined) return { ok: true, value: {} };
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      path: issue.path.map(String).join('.'),
      message: explainIssue(issue),
    })),
  };
}

function ownProblems(options: PlaybookOptions<z.ZodType>): readonly Problem[] {
  const say = (message: string): Problem => ({ code: 'PD2105', message: `definePlaybook(): ${message}` });
  if (typeof options !== 'object' || options === null)
    return [say(`expected an object, got ${typeName(options)}`)];
  const problems: Problem[] = [];
  for (const key of Object.keys(options)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    problems.push(say(`unknown key "${key}"${near === undefined ? '' : `, did you mean "${near}"?`}`));
  }
  if (!isName(options.name, 64))
    problems.push(say(`name: expected a-z, 0-9 and -, got ${quote(options.name)}`));
  if (!isName(options.service, 32))
    problems.push(say(`service: expected a-z, 0-9 and -, at most 32, got ${quote(options.service)}`));
  if (options.service === 'pdeploy')
    problems.push(say('service: "pdeploy" is the name of pdeploy\'s own directories'));
  if (typeof options.steps !== 'function')
    problems.push(say(`steps: expected a function, got ${typeName(options.steps)}`));
  if (options.vars !== undefined && typeof (options.vars as { safeParse?: unknown }).safeParse !== 'function')
    problems.push(say('vars: expected a schema, z.object({ ... })'));
  problems.push(...secretProblems(options.secrets).map(say));
  return problems;
}

function secretProblems(secrets: unknown): readonly string[] {
  if (secrets === undefined) return [];
  if (typeof secrets !== 'object' || secrets === null)
    return [`secrets: expected an object, got ${typeName(secrets)}`];
  return Object.entries(secrets)
    .filter(([, source]) => !isSecretSource(source))
    .map(
      ([name, source]) =>
        `secrets.${name}: expected secret('name') or secret.env('NAME'), got ${typeName(source)}`,
    );
}

function problemsOf(result: object): readonly Problem[] {
  return 'problems' in result ? (result.problems as readonly Problem[]) : [];
}

function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? JSON.stringify(value) : describe(value);
}

function isName(value: unknown, most: number): boolean {
  return typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value) && value.length <= most;
}
