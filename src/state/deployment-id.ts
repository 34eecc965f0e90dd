const LETTERS = 'abcdefghjkmnpqrstuvwxyz';
const DIGITS = '23456789';

/** Two operators in one minute are the rule, and hosts tell them apart by this id alone: 6 million of a minute. */
const PAIRS = 3;

/**
 * `d-20261122-2301-k3q7m2`: the minute (UTC), then letters and digits that tell those of one minute apart. `attempt`
 * counts from 0; each further one is a pair longer, so that a free id is always found.
 */
export function deploymentId(now: Date, random: () => number, attempt = 0): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const pairs = Array.from(
    { length: attempt + PAIRS },
    () => pick(LETTERS, random()) + pick(DIGITS, random()),
  );
  return `d-${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${pairs.join('')}`;
}

function pick(from: string, at: number): string {
  return from.charAt(Math.min(Math.floor(at * from.length), from.length - 1));
}
