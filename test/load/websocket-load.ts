import { PING, TEXT } from './frames.ts';
import { type Load, newTally, pause } from './seen.ts';
import { type Channel, Cut, openWebSocket } from './websocket.ts';

const REPEATS = 2;

export type WebSocketsOptions = {
  readonly client: string;
  readonly sessions: number;
  /** Between an echo and the next message, a text and a ping in turn. */
  readonly everyMs: number;
  /** After this the client closes a session and opens another one. Absent: it keeps it as long as it can. */
  readonly lifeMs?: number;
  /** What a process that is going to end gives to sessions: no session that is younger may be cut. */
  readonly graceMs: number;
  /**
   * What proves that the process of a session that was cut is one that is replaced: it is of the release that answered first, or the
   * next session has another process, where all go to one instance.
   */
  readonly proof: 'first release' | 'next process';
};

/**
 * WebSockets over which messages go all the time. A session that is cut is no failure where nobody can save it: when its process is one
 * that is replaced, and it is older than the grace. It is told apart, and opened again.
 */
export function startWebSockets(url: string, options: WebSocketsOptions): Load {
  const tally = newTally(options.client);
  let on = true;
  let firstRelease: string | undefined;

  const open = async (): Promise<Channel | undefined> => {
    tally.began();
    for (let again = 0; ; again += 1) {
      try {
        return await openWebSocket(url);
      } catch (error) {
        const cut = error as Cut;
        if (!cut.unanswered || again === REPEATS) {
          tally.failed(`not opened: ${cut.message}`);
          return undefined;
        }
        tally.apart('opening sent again');
      }
    }
  };
  const talk = async (channel: Channel): Promise<void> => {
    const { everyMs, lifeMs = Number.POSITIVE_INFINITY } = options;
    for (let n = 0; on && channel.ageMs() < lifeMs; n += 1) {
      tally.began();
      const asked = performance.now();
      await channel.ask(n % 2 === 0 ? TEXT : PING, `message ${n}`);
      tally.answered(performance.now() - asked, channel.release);
      await pause(everyMs);
    }
    await channel.close();
  };
  const replaced = (was: Channel, next: Channel): boolean =>
    options.proof === 'first release' ? was.release === firstRelease : was.pid !== next.pid;
  const line = async (): Promise<void> => {
    let cut: { readonly channel: Channel; readonly why: string } | undefined;
    while (on) {
      const channel = await open();
      if (channel === undefined) {
        await pause(options.everyMs);
        continue;
      }
      firstRelease ??= channel.release;
      if (cut !== undefined) {
        if (!replaced(cut.channel, channel)) tally.failed(`cut by a process that stays: ${cut.why}`);
        else if (cut.channel.ageMs() < options.graceMs) tally.failed(`cut within the grace: ${cut.why}`);
        else tally.apart('sessions ended with their process');
        cut = undefined;
      }
      try {
        await talk(channel);
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        cut = { channel, why: error.message };
      }
    }
    if (cut !== undefined) tally.failed(`cut at the end: ${cut.why}`);
  };
  const lines = Array.from({ length: options.sessions }, line);
  return {
    end: async () => {
      on = false;
      await Promise.all(lines);
      return tally.seen();
    },
  };
}
