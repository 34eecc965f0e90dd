import { registerHooks } from 'node:module';
import type yargs from 'yargs';

const PLAIN_WIDTH = import.meta.url.replace(/load-yargs(\.\w+)$/, 'plain-width$1');

/**
 * yargs without string-width, which is in its tree twice and compiles the pattern of all emoji when it is loaded: that
 * is a third of what `pdeploy --help` takes. Only yargs and its column printer get the plain one.
 */
export async function loadYargs(): Promise<typeof yargs> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'string-width' && /\/node_modules\/(yargs|cliui)\//.test(context.parentURL ?? '')
        ? { url: PLAIN_WIDTH, shortCircuit: true }
        : next(specifier, context),
  });
  try {
    return (await import('yargs')).default;
  } finally {
    hooks.deregister();
  }
}
