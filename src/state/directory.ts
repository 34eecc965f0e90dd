import { join, resolve } from 'node:path';

/** Where the record of a project lies: `PDEPLOY_STATE_DIR`, else `.pdeploy` in the project. Absolute. */
export function stateDirectory(project: string, env: NodeJS.ProcessEnv = process.env): string {
  const named = env.PDEPLOY_STATE_DIR;
  return named === undefined || named === '' ? join(resolve(project), '.pdeploy') : resolve(named);
}
