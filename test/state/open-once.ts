import { PdeployError } from '../../src/errors.ts';
import { openState } from '../../src/state/open.ts';
import { planOf } from '../arbitraries/plan.ts';
import { started } from './bodies.ts';

/** A process of its own for tests: opens a store, fills it when told, and says why it was refused. */
const [dir = '', fill = ''] = process.argv.slice(2);
try {
  const state = openState(dir);
  const id = state.createDeployment(planOf(1));
  state.appendEvent(id, started(), 0);
  try {
    while (fill !== '') state.appendEvent(id, { type: 'note', level: 'info', text: 'x'.repeat(100_000) }, 0);
  } finally {
    process.once('exit', () => process.stdout.write(`sound ${state.verifyChain().ok}\n`));
  }
} catch (error) {
  process.stdout.write(
    error instanceof PdeployError ? `${error.code} ${error.message}\n` : `bug ${String(error)}\n`,
  );
}
