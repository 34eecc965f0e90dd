import type { DatabaseSync } from 'node:sqlite';
import { postControl, takeControls } from './controls.ts';
import {
  createDeployment,
  readDeployment,
  readDeployments,
  readPlan,
  unfinishedDeployment,
} from './deployments.ts';
import { explain } from './errors.ts';
import { appendEvent, eventHash, head, readEvents, verifyChain } from './events.ts';
import type { StateStore } from './port.ts';
import { findRelease, markRelease, provenRelease, readReleases, saveRelease } from './releases.ts';
import { readRunner, readRunners, startRunning, stopRunning } from './runners.ts';

/** The port on one SQLite file. */
export function sqliteStore(db: DatabaseSync, file: string, now: () => Date): StateStore {
  const run = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explain(error, file);
    }
  };
  return {
    createDeployment: (plan, random = Math.random) => run(() => createDeployment(db, plan, now(), random)),
    appendEvent: (deployment, body, t) => run(() => appendEvent(db, deployment, body, t, now)),
    events: (deployment) => run(() => readEvents(db, deployment)),
    plan: (deployment) => run(() => readPlan(db, deployment)),
    deployment: (id) => run(() => readDeployment(db, id)),
    deployments: (filter) => run(() => readDeployments(db, filter)),
    latestDeployment: (service, inventory) =>
      run(() => readDeployments(db, { limit: 1, service, inventory })[0]),
    unfinished: (service, inventory) => run(() => unfinishedDeployment(db, service, inventory)),
    saveRelease: (release, digests) => run(() => saveRelease(db, release, digests, now())),
    markRelease: (service, id, mark, by, reason) =>
      run(() => markRelease(db, { service, id }, mark, { by, reason, at: now() })),
    release: (service, idOrLabel) => run(() => findRelease(db, service, idOrLabel)),
    releases: (service) => run(() => readReleases(db, service)),
    provenRelease: (service, excludeIds, hosts) => run(() => provenRelease(db, service, excludeIds, hosts)),
    postControl: (deployment, kind, by) => run(() => postControl(db, deployment, kind, by, now())),
    takeControls: (deployment) => run(() => takeControls(db, deployment, now())),
    startRunning: (deployment) => run(() => startRunning(db, deployment, now())),
    runner: (deployment) => run(() => readRunner(db, deployment)),
    running: () => run(() => readRunners(db).filter((runner) => runner.alive !== 'no')),
    stopRunning: (deployment) => run(() => stopRunning(db, deployment)),
    head: () => run(() => head(db)),
    eventHash: (n) => run(() => eventHash(db, n)),
    verifyChain: (deployment) => run(() => verifyChain(db, deployment)),
    close: () => db.close(),
  };
}
