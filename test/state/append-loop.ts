import { openState } from '../../src/state/open.ts';

/** A process of its own for tests: appends notes to a deployment and says each number once it is durable. */
const [dir = '', deployment = '', count = '0', who = ''] = process.argv.slice(2);
const state = openState(dir);
for (let i = 1; i <= Number(count); i++) {
  const event = state.appendEvent(deployment, { type: 'note', level: 'info', text: `${who} ${i}` }, i);
  process.stdout.write(`${event.seq}\n`);
}
state.close();
