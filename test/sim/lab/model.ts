import { agentScript } from '../../../src/host/assemble.ts';
import { parseReply, type Reply } from '../../../src/host/reply.ts';
import type { AgentRequest } from '../../../src/host/request.ts';
import { packTar, type TarEntry } from '../../../src/host/tar.ts';
import { Clock } from '../clock.ts';
import { serve } from '../host/agent/serve.ts';
import { resolveLink } from '../host/agent/units.ts';
import { Host } from '../host/host.ts';
import { place } from '../host/paths.ts';
import { bootServices } from '../host/recover.ts';
import type { Program } from '../host/systemd.ts';
import { AGENT } from '../network.ts';
import { Random } from '../random.ts';

/** A simulated host that is asked as a lab host is, one request after the other. */
export type Model = {
  readonly host: Host;
  call(request: AgentRequest, entries?: readonly TarEntry[]): Promise<Reply>;
  /** Whatever goes on in the background comes to its end. */
  settle(): Promise<void>;
  powerCut(): Promise<void>;
};

/** @param program what a release does when it runs, by its digest */
export function openModel(seed: number, service: string, program: (digest: string) => Program): Model {
  const clock = new Clock();
  const host = new Host('model', {
    clock,
    random: new Random(seed),
    blow: () => undefined,
    power: () => undefined,
    booted: () => undefined,
    changed: () => undefined,
    trace: () => undefined,
    effect: () => undefined,
    boot: bootServices,
  });
  host.systemd.program = program;
  host.systemd.resolve = (unit) =>
    resolveLink(host, place(service, unit.slice(service.length + 1, -'.service'.length)));
  host.disk.write(AGENT, agentScript().sha256);
  // Less than the shortest guard: those fire when they are told to.
  const settle = async (): Promise<void> => {
    const until = clock.now + 5_000;
    clock.at(until, () => undefined);
    await clock.until(() => clock.now >= until);
  };
  return {
    host,
    settle,
    call: async (request, entries) => {
      const parts: Uint8Array[] = [Buffer.from(request.header)];
      if (entries !== undefined) for await (const part of packTar(entries)) parts.push(part);
      const lines: string[] = [];
      let over = false;
      serve(host, { say: (line) => lines.push(line), open: () => true }, Buffer.concat(parts), () => {
        over = true;
      });
      await clock.until(() => over);
      return parseReply(`${lines.join('\n')}\n`, request.opId);
    },
    powerCut: async () => {
      // What was not synced may be lost, or not: the lab's hosts write to one page cache, which a power cut spares.
      host.disk.settle();
      host.powerCut();
      await clock.until(() => host.on && !host.booting);
      await settle();
    },
  };
}
