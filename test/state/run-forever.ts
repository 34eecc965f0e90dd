import { openState } from '../../src/state/open.ts';

/** A process of its own for tests: says that it performs a deployment, then lives until it is killed. */
const [dir = '', deployment = ''] = process.argv.slice(2);
openState(dir).startRunning(deployment);
process.stdout.write('running\n');
setInterval(() => undefined, 60_000);
