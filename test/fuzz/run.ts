/** `npm run fuzz -- --inputs 200000`: the same as the test, for a night. Three of five inputs are inventories. */
import { parseArgs } from 'node:util';
import { fuzzInventories, type Outcomes } from './inventories.ts';
import { fuzzPlaybooks } from './playbooks.ts';

const { values } = parseArgs({ options: { inputs: { type: 'string', default: '200000' } } });
const inputs = Number(values.inputs);
if (!Number.isSafeInteger(inputs) || inputs < 5)
  throw new Error(`--inputs ${values.inputs} is no number of inputs`);

/** Said after each: a night should not be silent. */
const PORTION = 20_000;

function report(what: string, count: number, fuzz: (inputs: number) => Outcomes): void {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 1_000);
  const codes = new Set<string>();
  let accepted = 0;
  for (let done = 0; done < count; ) {
    const portion = Math.min(PORTION, count - done);
    const outcomes = fuzz(portion);
    done += portion;
    accepted += outcomes.get('ok') ?? 0;
    for (const code of outcomes.keys()) codes.add(code);
    if (done < count) process.stderr.write(`${done} of ${count} ${what} after ${seconds()} s\n`);
  }
  codes.delete('ok');
  process.stdout.write(`${count} ${what} in ${seconds()} s: ${accepted} accepted, ${codes.size} codes\n`);
}

report('inventories', Math.floor((inputs * 3) / 5), fuzzInventories);
report('playbooks', inputs - Math.floor((inputs * 3) / 5), fuzzPlaybooks);
