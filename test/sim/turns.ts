import type { Made } from '../../src/execute/made.ts';
import type { Ending } from './controller.ts';
import type { Effect, Host } from './host/host.ts';
import type { Broken } from './rules.ts';

/** Rule 11: whoever had a host since a plan was made has changed what the plan speaks of. */
export class Turns {
  readonly #broken: Broken;
  /** By deployment that goes on with the plan it began with: the newest epoch of each host when that was made. */
  readonly #seen = new Map<string, ReadonlyMap<string, number> | undefined>();
  /** Epochs by host, and to whom they were given. */
  readonly #granted = new Map<string, { readonly epoch: number; readonly to: string }[]>();

  constructor(broken: Broken) {
    this.#broken = broken;
  }

  /** A resume asks for what became of its plan in another way. */
  begun(deployment: string, { observations }: Made): void {
    const seen = new Map([...observations].map(([host, { epoch }]) => [host, epoch]));
    this.#seen.set(deployment, this.#seen.has(deployment) ? undefined : seen);
  }

  effect(host: Host, { what, epoch, deployment }: Effect): void {
    if (what !== 'grant') return;
    const before = this.#granted.get(host.name) ?? [];
    const seen = this.#seen.get(deployment)?.get(host.name);
    const others = before.filter((one) => one.to !== deployment && one.epoch > (seen ?? Infinity));
    for (const { to, epoch: theirs } of others)
      this.#broken(
        'turns',
        `${deployment} gets ${host.name} on a plan of epoch ${seen}, and ${to} had ${theirs}`,
      );
    before.push({ epoch, to: deployment });
    this.#granted.set(host.name, before);
  }
}

/** Of those who looked at the hosts in the same moment, where nothing else was wrong. */
export function oneWins(endings: readonly (Ending | undefined)[], broken: Broken): void {
  const won = endings.filter((ending) => ending?.kind === 'done');
  if (won.length !== 1) broken('turns', `${won.length} of ${endings.length} operators have deployed`);
  for (const ending of endings) {
    if (ending?.kind === 'done') continue;
    const error = ending?.kind === 'threw' ? ending.error : undefined;
    const exit = error instanceof Error && 'exitCode' in error ? error.exitCode : ending?.kind;
    if (exit !== 3) broken('turns', `an operator who came second ended with ${exit} and not with 3`);
  }
}
