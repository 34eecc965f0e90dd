import { extendPlaybook } from 'pdeploy';
import rollout from './rollout.ts';

/**
 * How a rollback proceeds. It activates a release that the hosts still have, binary, configuration and unit as they
 * were, so that the steps of the rollout serve for variables and health only. It is urgent: no canary, no pauses,
 * nobody to ask; but each instance must be healthy before the next one goes.
 */
export default extendPlaybook(rollout, {
  name: 'rollback',
  strategy: { canary: 0, promote: 'auto', pauseBetweenWaves: '0s' },
});
