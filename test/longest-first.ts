import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begun last, any of these would leave the other workers idle for minutes at the end. Longest first. */
const LONGEST = [
  'soak',
  'kill-sweep',
  'partition',
  'load',
  'operators',
  'scheduled-rotation',
  'kill-sweep-back',
  'rotate-certs',
];

/** On a new checkout nothing is known of how long a file takes: what is known to be long is named. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.indexOf(basename(moduleId, '.test.ts'));
      return at === -1 ? LONGEST.length : at;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
