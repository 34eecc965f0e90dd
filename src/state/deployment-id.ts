const LETTERS = 'abcdefghjkmnpqrstuvwxyz';
const DIGITS = '23456789';

/**
 * `d-20261122-2301-k3`: the minute (UTC) and a letter and a digit that tell two of one minute apart. `attempt` counts
 * from 0; each further one is a pair longer, so that a free id is always found.
 */
export function deploymentId(now: Date, random: () => number, attempt = 0): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const pairs = Array.from({ length: attempt + 1 }, () => pick(LETTERS, random()) + pick(DIGITS, random()));
  return `d-${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${pairs.join('')}`;
}

function pick(from: string, at: number): string {
  return from.charAt(Math.min(Math.floor(at * from.length), from.length - 1));
}
