import type { BaseAgent, ParsedKey } from 'ssh2';

/** The running ssh-agent: its keys, and a view of it that shows a single one of them. */
export type Agent = {
  readonly keys: readonly ParsedKey[];
  only(key: ParsedKey): BaseAgent;
};

const ANSWER_MS = 3_000;

/** Asks the agent for its keys. An agent that does not answer has none: key files may still do. */
export async function askAgent(socket: string | undefined): Promise<Agent | undefined> {
  if (socket === undefined) return undefined;
  const { BaseAgent, OpenSSHAgent } = (await import('ssh2')).default;
  const agent = new OpenSSHAgent(socket);

  /** ssh2 tries every key it is shown, and a server counts each as a failed login. */
  class SingleKey extends BaseAgent<ParsedKey> {
    readonly #key: ParsedKey;
    constructor(key: ParsedKey) {
      super();
      this.#key = key;
    }
    override getIdentities(done: Parameters<BaseAgent<ParsedKey>['getIdentities']>[0]): void {
      done(null, [this.#key]);
    }
    override sign(...args: unknown[]): void {
      Reflect.apply(agent.sign, agent, args);
    }
  }

  const keys = await new Promise<readonly ParsedKey[] | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    agent.getIdentities((error, found) => {
      clearTimeout(timer);
      resolve(error ? undefined : ((found ?? []) as ParsedKey[]));
    });
  });
  return keys === undefined ? undefined : { keys, only: (key) => new SingleKey(key) };
}
