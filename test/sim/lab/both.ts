import type { Reply } from '../../../src/host/reply.ts';
import type { AgentRequest } from '../../../src/host/request.ts';
import type { TarEntry } from '../../../src/host/tar.ts';
import { activateRequest } from '../../../src/host/verbs/activate.ts';
import { commitRequest } from '../../../src/host/verbs/commit.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { hostEntries, type PrepareInput, prepareRequest } from '../../../src/host/verbs/prepare.ts';
import { rollbackRequest } from '../../../src/host/verbs/rollback.ts';
import { settleRequest } from '../../../src/host/verbs/settle.ts';
import { statusRequest } from '../../../src/host/verbs/status.ts';
import { undoRequest } from '../../../src/host/verbs/undo.ts';
import { boot } from '../../../src/lab/boot.ts';
import { labHost } from '../../../src/lab/lab-state.ts';
import { powerCut } from '../../../src/lab/power.ts';
import { type Client, openClient } from '../../host/lab/client.ts';
import { type TestRelease, testRelease, webHealth } from '../../host/lab/service.ts';
import { wipe } from '../../host/lab/world.ts';
import { type Model, openModel } from './model.ts';
import { ofHost, ofModel, type Picture } from './picture.ts';
import { RELEASES, type ReleaseName, type Step } from './sequences.ts';

const INSTANCE = '7650';

/** A lab host and a simulated one, which are asked the same. */
export type Both = {
  /** Where the two differ, step by step; the sequence begins with nothing on either. */
  differences(steps: readonly Step[]): Promise<readonly string[]>;
  end(): Promise<void>;
};

export async function openBoth(host: number): Promise<Both> {
  const client = openClient(host);
  await client.install();
  let count = 0;
  return {
    differences: async (steps) => {
      count += 1;
      const service = `conform${count}`;
      const run = new Run(client, service, count);
      try {
        return await run.differences(steps);
      } finally {
        await wipe(client, service);
      }
    },
    end: async () => client.close(),
  };
}

/** One sequence on both. */
class Run {
  readonly #client: Client;
  readonly #service: string;
  readonly #model: Model;
  readonly #releases: ReadonlyMap<ReleaseName, TestRelease>;
  /** By operator: the epoch that each was given last. */
  readonly #epochs = new Map<string, number>();
  #seen = 0;
  #calls = 0;
  #now: Picture | undefined;

  constructor(client: Client, service: string, seed: number) {
    this.#client = client;
    this.#service = service;
    this.#releases = new Map(RELEASES.map((name) => [name, releaseOf(service, name)]));
    const bad = this.#digest('bad');
    this.#model = openModel(seed, service, (digest) => ({ kind: digest === bad ? 'exits' : 'good' }));
  }

  async differences(steps: readonly Step[]): Promise<readonly string[]> {
    for (const [n, step] of steps.entries()) {
      const [real, model] = await this.#take(step);
      await this.#model.settle();
      const pictures = [
        await ofHost(this.#client, this.#service, INSTANCE),
        ofModel(this.#model.host, this.#service, INSTANCE),
      ] as const;
      this.#now = pictures[0];
      const at = `step ${n + 1}, ${JSON.stringify(step)}`;
      const found = [...compare({ reply: real }, { reply: model }), ...compare(...pictures)];
      if (found.length > 0) return found.map((what) => `${at}: ${what}`);
    }
    return [];
  }

  async #take(step: Step): Promise<readonly [real: readonly string[], model: readonly string[]]> {
    switch (step.kind) {
      case 'power':
        await this.#powerCut();
        return [[], []];
      case 'guard':
        await this.#client.sh(
          `systemctl start pdeploy-guard-${step.op}.service 2>/dev/null; systemctl stop pdeploy-guard-${step.op}.timer 2>/dev/null; true`,
        );
        this.#model.host.fireGuards();
        return [[], []];
      case 'half':
        return this.#forget(step.op);
      default: {
        const { request, entries } = this.#request(step);
        const real = await this.#client.call(request, entries === undefined ? {} : { entries });
        const model = await this.#model.call(request, entries);
        if (step.kind === 'lease') this.#note(step.by, real);
        return [plain(real), plain(model)];
      }
    }
  }

  async #powerCut(): Promise<void> {
    const host = await labHost(this.#client.lab, this.#client.host);
    await powerCut(host);
    await boot(host);
    this.#client.forget();
    await this.#client.sh('systemctl is-system-running --wait >/dev/null; true');
    await this.#model.powerCut();
  }

  async #forget(op: string): Promise<readonly [readonly string[], readonly string[]]> {
    const file = `/var/lib/pdeploy/${this.#service}/${INSTANCE}/committed.${op}`;
    await this.#client.sh(`[ ! -e ${file} ] || { sed -i '/^done /d' ${file}; sync; }`);
    const { disk } = this.#model.host;
    const text = disk.read(file);
    if (text !== undefined) disk.write(file, text.replace(/^done .*\n/m, ''));
    disk.settle();
    return [[], []];
  }

  #note(by: string, reply: Reply): void {
    const answer = decodeLeaseReply(reply);
    if (answer?.kind === 'granted') this.#epochs.set(by, answer.epoch);
    if (answer?.kind === 'granted') this.#seen = answer.epoch;
    if (answer?.kind === 'released') this.#seen = 0;
  }

  #request(step: Exclude<Step, { kind: 'power' | 'guard' | 'half' }>): {
    readonly request: AgentRequest;
    readonly entries?: readonly TarEntry[];
  } {
    this.#calls += 1;
    const opId = 'op' in step ? step.op : `call-${this.#calls}`;
    const service = this.#service;
    const who = 'by' in step ? step.by : 'ann';
    const ids = { opId, service, deployment: who, epoch: this.#epochs.get(who) ?? 0 };
    switch (step.kind) {
      case 'lease': {
        const holder = { holder: who, ttlSeconds: 600, manual: false, reason: '' };
        if (step.action === 'acquire')
          return { request: leaseRequest({ ...ids, action: 'acquire', ...holder }) };
        if (step.action === 'takeover')
          return { request: leaseRequest({ ...ids, action: 'takeover', ...holder, seenEpoch: this.#seen }) };
        return { request: leaseRequest({ ...ids, action: step.action, ttlSeconds: 600 }) };
      }
      case 'prepare':
        return this.#prepare(ids, step.release);
      case 'activate': {
        const current = this.#now?.current ?? 'none';
        const from = step.lying === true ? this.#digest(step.release) : current === 'none' ? '' : current;
        return {
          request: activateRequest({
            ...ids,
            instance: INSTANCE,
            from,
            to: this.#digest(step.release),
            binary: 'busybox',
            guardSeconds: 600,
            stopTimeoutMs: 5_000,
            health: webHealth(Number(INSTANCE)),
            streamSeconds: 0,
            ops: [],
          }),
        };
      }
      case 'commit':
        return { request: commitRequest({ ...ids, instance: INSTANCE }) };
      case 'rollback':
        return { request: rollbackRequest({ ...ids, instance: INSTANCE }) };
      case 'status':
        return { request: statusRequest({ opId, service, instance: INSTANCE }) };
      case 'undo':
        return { request: undoRequest(ids) };
      case 'settle':
        return { request: settleRequest(ids) };
      case 'finish': {
        const proven = step.proven === undefined ? {} : { proven: this.#digest(step.proven) };
        return { request: finishRequest({ ...ids, keep: [], ...proven }) };
      }
    }
  }

  #prepare(ids: { opId: string; service: string; deployment: string; epoch: number }, name: ReleaseName) {
    const release = this.#releases.get(name) as TestRelease;
    const input: PrepareInput = {
      ...ids,
      instances: [INSTANCE],
      ops: [],
      release: { id: this.#digest(name), label: name, createdAt: '2026-01-01T00:00:00Z', metadata: {} },
      hostRelease: release.hostRelease,
      content: 'tar',
    };
    return { request: prepareRequest(input), entries: [...release.entries, ...hostEntries(input)] };
  }

  #digest(name: ReleaseName): string {
    return this.#releases.get(name)?.hostRelease.digest ?? '';
  }
}

function releaseOf(service: string, name: ReleaseName): TestRelease {
  const mark = (text: string): string => text.replace('Type=exec', `Type=exec\nEnvironment=MARK=${name}`);
  return testRelease(service, {
    page: name,
    ...(name === 'c' ? { unit: mark } : {}),
    ...(name === 'bad' ? { args: 'false' } : {}),
  });
}

/** Without what clocks, process tables and people's words give out. */
function plain(reply: Reply): readonly string[] {
  const lines = reply.kind === 'no-trailer' ? [] : reply.lines;
  const kept = lines
    .filter((line) => !/^(evidence|log|logs|note) /.test(line))
    .map((line) =>
      line
        .replace(/^switched \d+$/, 'switched')
        .replace(/^(lease \S+ \S+) -?\d+ /, '$1 ')
        .replace(/^trial pending \d+ /, 'trial pending '),
    );
  return [reply.kind, reply.kind === 'error' ? reply.code : '', ...kept];
}

function compare(real: object, model: object): readonly string[] {
  return Object.entries(real).flatMap(([key, value]) => {
    const [a, b] = [JSON.stringify(value), JSON.stringify(Reflect.get(model, key))];
    return a === b ? [] : [`${key} is ${a} on the host, ${b} simulated`];
  });
}
