/** `npm run fuzz -- --inputs 200000`: the same as the test, for a night. Three of five inputs are inventories. */
import { parseArgs } from 'node:util';
import { fuzzInventories, type Outcomes } from './inventories.ts';
import { fuzzPlaybooks } from './playbooks.ts';

const { values } = parseArgs({ options: { inputs: { type: 'string', default: '200000' } } });
const inputs = Number(values.inputs);
if (!Number.isSafeInteger(inputs) || inputs < 5)
  throw new Error(`--inputs ${values.inputs} is no number of inputs`);

function report(what: string, count: number, fuzz: (inputs: number) => Outcomes): void {
  const started = performance.now();
  const outcomes = fuzz(count);
  const seconds = Math.round((performance.now() - started) / 1_000);
  process.stdout.write(
    `${count} ${what} in ${seconds} s: ${outcomes.get('ok') ?? 0} accepted, ${outcomes.size - 1} codes\n`,
  );
}

report('inventories', Math.floor((inputs * 3) / 5), fuzzInventories);
report('playbooks', inputs - Math.floor((inputs * 3) / 5), fuzzPlaybooks);
