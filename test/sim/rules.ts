/** What may never be broken, whatever happens: the numbers and words of the plan for reliability. */
export const RULES = {
  available: '1: at most as many instances are down as one wave has',
  order: '2: no instance is begun before those of the waves before it are committed',
  release: '3: what runs is committed, or on trial within its guard’s time',
  guard:
    '4: with the controller gone a host is on its committed release 2 s after its guard’s time, or its boot',
  fence: '5: nothing of an older epoch takes effect after a newer one was granted',
  once: '6: an operation has one effect',
  journal: '7: the record explains what the hosts did: nothing was done that it did not say before',
  again: '8: to resume twice does what to resume once does',
  clean: '9: a deployment that is over leaves no trial, guard, lease, drop-in or staged file',
  truth: '10: what the controller says is what the hosts’ own records say',
  turns:
    '11: nobody performs a plan of a host that others have had since; of operators who look at the same moment exactly one wins, and the others end with exit 3',
  drained:
    '12: no more are out of traffic at once than one wave has, and what was drained stays so until it serves again',
  process: 'no controller hangs, and none ends by an error that nobody expected',
} as const;

export type Rule = keyof typeof RULES;

export type Broken = (rule: Rule, what: string) => void;
