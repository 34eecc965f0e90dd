/** What an agent is about to do, and how long it takes until it does, milliseconds. */
export type Step =
  | { readonly kind: 'step'; readonly name: string; readonly ms: number }
  | { readonly kind: 'lock'; readonly key: string; readonly timeoutMs: number }
  | { readonly kind: 'unlock'; readonly key: string }
  /** A child, which keeps the lock that its parent holds. */
  | { readonly kind: 'fork'; readonly name: string; readonly script: Script; readonly key: string }
  | { readonly kind: 'join'; readonly child: Job };

/** A shell script as a generator: between two yields nothing else happens on the host. Locks answer whether they are held. */
export type Script = Generator<Step, void, boolean>;

export function* at(name: string, ms = 1): Generator<Step, void, boolean> {
  yield { kind: 'step', name, ms };
}

/** A process of the host. */
export type Job = {
  readonly name: string;
  readonly script: Script;
  alive: boolean;
  /** Exit status 0; a script that threw has failed. */
  ok: boolean;
  readonly onEnd: (how: 'exited' | 'killed') => void;
  readonly waiting: ((ok: boolean) => void)[];
};
