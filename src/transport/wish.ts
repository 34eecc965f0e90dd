import type { Carrier, Running } from './link.ts';

/** Something that a login could ask of sshd beside its commands. All texts are constants of the caller. */
export type Wish = { readonly name: string } & (
  | {
      /** `terminal`: the same with a pseudo-terminal, whose being given is enough. */
      readonly how: 'command' | 'terminal';
      readonly command: string;
      readonly proof: RegExp;
    }
  | { readonly how: 'shell'; readonly input: string; readonly proof: RegExp }
  | {
      readonly how: 'subsystem';
      readonly subsystem: string;
      readonly input: Buffer;
      readonly proof: RegExp;
    }
  /** A connection from the host to itself. */
  | { readonly how: 'forward'; readonly port: number }
  /** A port of the host that leads back here. */
  | { readonly how: 'reverse' }
);

/** `unclear`: neither was the wish refused nor could it be proved that it was granted. */
export type Attempt = {
  readonly name: string;
  readonly outcome: 'refused' | 'allowed' | 'unclear';
  /** What makes it unclear. */
  readonly why: string;
};

export const REFUSED = { outcome: 'refused', why: '' } as const;
export const ALLOWED = { outcome: 'allowed', why: '' } as const;
export const unclear = (why: string) => ({ outcome: 'unclear', why }) as const;

export type Outcome = Omit<Attempt, 'name'>;

/** How long one wish may take. What is forbidden is refused at once. */
export const WISH_MS = 8_000;
/** Characters of what the host says that are looked at. */
export const ENOUGH = 4_096;

/** An sftp-server that is told of no more input ends before it answers. */
const LINGER_MS = 500;

/** Sends the input, reads until the other side ends, and looks for the proof. */
export function converse(running: Running, input: string | Buffer, proof: RegExp): Promise<Outcome> {
  return new Promise((resolve) => {
    let seen = '';
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      clearTimeout(parting);
      running.close();
      resolve(outcome);
    };
    const parting = setTimeout(() => running.stdin.end(), Buffer.isBuffer(input) ? LINGER_MS : 0);
    const timer = setTimeout(() => finish(unclear(`no end within ${WISH_MS / 1_000} s`)), WISH_MS);
    for (const stream of [running.stdin, running.stdout, running.stderr]) stream.on('error', () => undefined);
    running.stderr.resume();
    running.stdout.on('data', (chunk: Buffer) => {
      seen = (seen + chunk.toString('latin1')).slice(0, ENOUGH);
      if (proof.test(seen)) finish(ALLOWED);
    });
    running.onClose(() => finish(REFUSED));
    running.stdin.write(input);
  });
}

/**
 * One after the other: sshd allows few channels at once, and a wish that is granted may stand in the way of the next.
 * What ends because the connection does was refused by nobody.
 */
export async function tryAll(
  carrier: Pick<Carrier, 'alive'>,
  wishes: readonly Wish[],
  attempt: (wish: Wish) => Promise<Outcome>,
): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  for (const wish of wishes) {
    const outcome = await attempt(wish);
    const { name } = wish;
    attempts.push({ name, ...(carrier.alive ? outcome : unclear('the connection was lost')) });
  }
  return attempts;
}
