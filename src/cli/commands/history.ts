import type { CommandModule } from 'yargs';
import { historyTable } from '../../report/history.ts';
import { detectStyle } from '../../report/style.ts';
import { out } from '../io.ts';
import { outputOptions } from '../options.ts';
import { openProjectState } from '../project.ts';

export const historyCommand: CommandModule = {
  command: 'history',
  describe: 'Past deployments and how they ended',
  builder: (y) =>
    outputOptions(y, ['text', 'json'])
      .option('inventory', { alias: 'i', type: 'string', describe: 'Only of this inventory' })
      .option('service', { type: 'string', describe: 'Only of this service' })
      .option('last', { type: 'string', default: '20', describe: 'How many' }),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    try {
      const rows = state.deployments({
        limit: Math.max(1, Number(args.last) || 20),
        ...(typeof args.inventory === 'string' ? { inventory: args.inventory } : {}),
        ...(typeof args.service === 'string' ? { service: args.service } : {}),
      });
      if (args.output === 'json') out.data(JSON.stringify({ v: 1, deployments: rows }, null, 2));
      else if (rows.length === 0) out.err('No deployment yet. Next: pdeploy plan -i NAME');
      else {
        const running = new Set(state.running().map((r) => r.deployment));
        const table = rows.map((r) => ({ ...r, running: running.has(r.id) }));
        out.data(historyTable(table, new Date(), detectStyle(process.stdout, process.env)));
      }
    } finally {
      state.close();
    }
  },
};
