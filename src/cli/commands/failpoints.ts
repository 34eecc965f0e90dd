import type { CommandModule } from 'yargs';
import { failpointNames } from '../../execute/failpoint-names.ts';
import { out } from '../io.ts';

export const failpointsCommand: CommandModule = {
  command: 'failpoints',
  describe: 'Where PDEPLOY_FAILPOINT=NAME:kill can end this program, to rehearse that',
  builder: (y) => y,
  handler: () => out.data(failpointNames().join('\n')),
};
