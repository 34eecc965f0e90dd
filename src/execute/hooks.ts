import type { EventBody } from '../model/event.ts';
import type { HookName, Playbook } from '../model/playbook.ts';
import { runLocal } from './local-command.ts';

/** Facts of the deployment that a hook finds in its environment, e.g. `PDEPLOY_DEPLOYMENT`. Never a secret. */
export type HookFacts = { readonly [name: `PDEPLOY_${string}`]: string };

export type HookRunner = (
  name: HookName,
  facts: HookFacts,
) => Promise<Extract<EventBody, { type: 'hook.finished' }> | undefined>;

/** Runs the playbook's hooks on the controller, in the project directory, each within its time-out. */
export function hookRunner(playbook: Playbook, cwd: string, common: HookFacts): HookRunner {
  return async (name, facts) => {
    const hook = playbook.hooks[name];
    if (hook === undefined) return undefined;
    const result = await runLocal(hook.argv, {
      timeoutMs: hook.timeoutMs,
      cwd,
      env: { ...process.env, ...common, ...facts },
    });
    const output = result.timedOut
      ? `${result.output}\nended after ${hook.timeoutMs / 1_000} s`
      : result.output;
    return {
      type: 'hook.finished',
      hook: name,
      ok: result.code === 0 && !result.timedOut,
      ms: result.ms,
      output: output.trim(),
    };
  };
}
