import type { AuthHandlerMiddleware, NextAuthHandler } from 'ssh2';
import type { Credentials } from './identities.ts';
import { printable } from './printable.ts';

/** Offers one key after the other and remembers what happened, for the message. */
export type Login = { readonly handler: AuthHandlerMiddleware; account(): string };

export function loginWith(credentials: Credentials): Login {
  const left = [...credentials.usable];
  const tried: string[] = [];
  let accepted: readonly string[] | undefined;
  const stop = (next: NextAuthHandler): void => (next as (answer: unknown) => void)(false);
  return {
    handler: (methods: readonly string[] | null, _partial, next) => {
      accepted = methods ?? accepted;
      const credential = accepted?.includes('publickey') === false ? undefined : left.shift();
      if (credential === undefined) return stop(next);
      tried.push(credential.label);
      next(credential.method);
    },
    account: () =>
      [
        `tried: ${tried.length === 0 ? 'no key' : tried.join(', ')}`,
        ...(credentials.skipped.length === 0 ? [] : [`left out: ${credentials.skipped.join(', ')}`]),
        ...(accepted === undefined ? [] : [`the host takes: ${printable(accepted.join(', '))}`]),
      ].join('; '),
  };
}
