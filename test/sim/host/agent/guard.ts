import type { Host } from '../host.ts';
import type { Script } from '../step.ts';
import { step } from './call.ts';

/** Not worth waiting for: a guard that fires too late loses the rename. */
export function stopGuardLater(host: Host, op: string): void {
  host.start('stop-guard', stopGuard(host, op));
}

function* stopGuard(host: Host, op: string): Script {
  yield* step('guard.stop', host.world.random.between(1, 40));
  host.disarm(`pdeploy-guard-${op}`);
}
