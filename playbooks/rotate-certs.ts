import { extendPlaybook } from 'pdeploy';
import rollout from './rollout.ts';

/**
 * How `pdeploy certs rotate` proceeds: the release that each host runs, binary, configuration and unit as they are, with
 * the certificates that are on the controller now. One instance goes first, alone.
 */
export default extendPlaybook(rollout, { name: 'rotate-certs', strategy: { canary: 1 } });
