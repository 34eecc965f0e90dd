import { decodeObservation } from '../../../src/host/decode/observation.ts';
import { decodeSample, type HostSample } from '../../../src/host/decode/sample.ts';
import { type ActivateInput, activateRequest } from '../../../src/host/verbs/activate.ts';
import { commitRequest } from '../../../src/host/verbs/commit.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { observeRequest } from '../../../src/host/verbs/observe.ts';
import { rollbackRequest } from '../../../src/host/verbs/rollback.ts';
import { decodeStatus, statusRequest, type TrialStatus } from '../../../src/host/verbs/status.ts';
import type { Observation } from '../../../src/model/facts.ts';
import type { Query } from '../../../src/model/resource.ts';
import { type Answer, type Client, openClient } from './client.ts';
import { type PrepareOptions, prepare, type TestRelease, webHealth } from './service.ts';

let ids = 0;

/** An operation id that no other test of this run uses. */
export function freshId(name = 'op'): string {
  ids += 1;
  return `${name}-${process.pid}-${Date.now().toString(36)}-${ids}`;
}

/** One service on one lab host, under a lease. Instance names are the ports they listen on. */
export type World = {
  readonly client: Client;
  readonly service: string;
  readonly deployment: string;
  readonly epoch: number;
  readonly ids: { readonly service: string; readonly epoch: number; readonly deployment: string };
  readonly prepare: (
    release: TestRelease,
    instances: readonly string[],
    options?: Partial<PrepareOptions>,
  ) => Promise<Answer>;
  /** Ends the connection after the first sample that shows the new release answering. */
  readonly activate: (input: TrialInput) => Promise<Trial>;
  readonly commit: (opId: string, instance: string) => Promise<Answer>;
  readonly rollback: (opId: string, instance: string) => Promise<Answer>;
  readonly status: (opId: string, instance: string) => Promise<TrialStatus | undefined>;
  readonly observe: (instances: readonly string[], queries?: readonly Query[]) => Promise<Observation>;
  /** First install and commit. */
  readonly deploy: (release: TestRelease, instance: string) => Promise<void>;
  readonly page: (port: string) => Promise<string>;
  readonly end: () => Promise<void>;
};

export type TrialInput = Partial<Omit<ActivateInput, 'from' | 'to'>> & {
  readonly instance: string;
  readonly from: TestRelease | undefined;
  readonly to: TestRelease;
  /** Reads to the end of the stream. */
  readonly whole?: boolean;
};

export type Trial = {
  readonly opId: string;
  readonly answer: Answer;
  readonly samples: readonly HostSample[];
};

/** @param agent how the agent is called; by default as root does */
export async function openWorld(host: number, service: string, agent?: string): Promise<World> {
  const client = openClient(host, agent);
  await wipe(client, service);
  await client.install();
  const deployment = freshId('d');
  const leased = await client.call(
    leaseRequest({
      opId: freshId(),
      service,
      deployment,
      action: 'acquire',
      holder: 'tester',
      ttlSeconds: 600,
      manual: false,
      reason: '',
    }),
  );
  const lease = decodeLeaseReply(leased);
  if (lease?.kind !== 'granted') throw new Error(`no lease: ${JSON.stringify(leased)}`);
  const common = { service, epoch: lease.epoch, deployment };
  const world: World = {
    client,
    ids: common,
    ...common,
    prepare: (release, instances, options = {}) =>
      prepare(client, release, { opId: freshId('p'), instances, ...common, ...options }),
    activate: (input) => activate(client, common, input),
    commit: async (opId, instance) => {
      const answer = await client.call(commitRequest({ opId, instance, ...common }));
      // The answer comes with the decision; what is left is done by a child that holds the lock.
      await client.sh(`flock -w 20 /var/lib/pdeploy/${service}/.lock true`);
      return answer;
    },
    rollback: (opId, instance) => client.call(rollbackRequest({ opId, instance, ...common })),
    status: async (opId, instance) =>
      decodeStatus((await client.call(statusRequest({ opId, service, instance }))).lines),
    observe: async (instances, queries = []) => {
      const midpointMs = Date.now();
      const answer = await client.call(observeRequest({ opId: freshId('o'), service, instances, queries }));
      if (answer.kind !== 'ok') throw new Error(`observe: ${JSON.stringify(answer)}`);
      return decodeObservation(answer.lines, { host: client.host, service, midpointMs, queries });
    },
    deploy: async (release, instance) => {
      must(await world.prepare(release, [instance]));
      const { opId } = await world.activate({ instance, from: undefined, to: release });
      must(await world.commit(opId, instance));
    },
    page: async (port) => (await client.sh(`curl -s -m 2 http://127.0.0.1:${port}/`)).stdout,
    end: async () => {
      await client.call(finishRequest({ opId: freshId('f'), ...common, keep: [] }));
      await wipe(client, service);
      client.close();
    },
  };
  return world;
}

async function activate(client: Client, common: World['ids'], input: TrialInput): Promise<Trial> {
  const { from, to, whole, ...rest } = input;
  const samples: HostSample[] = [];
  const request = activateRequest({
    opId: freshId('t'),
    ...common,
    binary: 'busybox',
    guardSeconds: 60,
    stopTimeoutMs: 5000,
    health: webHealth(Number(input.instance)),
    streamSeconds: 10,
    ops: [],
    ...rest,
    from: from?.hostRelease.digest ?? '',
    to: to.hostRelease.digest,
  });
  const answer = await client.call(request, {
    onLine: (line, cut) => {
      const sample = decodeSample(line);
      if (sample === undefined) return;
      samples.push(sample);
      if (whole !== true && isGood(sample)) cut();
    },
  });
  return { opId: request.opId, answer, samples };
}

export function isGood(sample: HostSample): boolean {
  const { exeMatch, startedAfterSwitch, missingListens, probes } = sample;
  return (
    exeMatch &&
    startedAfterSwitch &&
    missingListens.length === 0 &&
    probes.every((p) => p.kind !== 'http' || p.status === 200)
  );
}

/** Throws unless the agent said ok. */
export function must(answer: Answer): Answer {
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
  return answer;
}

/** Removes every trace of a service, whatever a test has done to it. */
export async function wipe(client: Client, service: string): Promise<void> {
  await client.sh(`
    systemctl stop '${service}@*.service' 'pdeploy-guard-*.timer' 2>/dev/null
    rm -rf /run/pdeploy.* /opt/pdeploy/${service} /var/lib/pdeploy/${service} /run/pdeploy/${service} /etc/pdeploy
    rm -rf /etc/systemd/system/${service}@* /run/systemd/system.control/${service}@*
    rm -f /etc/systemd/system/*.wants/${service}@* /etc/tmpfiles.d/pdeploy-${service}.conf /etc/logrotate.d/pdeploy-${service}
    systemctl daemon-reload
    systemctl reset-failed 2>/dev/null
    true`);
}
