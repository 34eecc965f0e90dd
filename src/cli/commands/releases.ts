import type { CommandModule } from 'yargs';
import { releasesTable } from '../../report/releases.ts';
import { detectStyle } from '../../report/style.ts';
import { text } from '../args.ts';
import { out } from '../io.ts';
import { outputOptions } from '../options.ts';
import { openProjectState } from '../project.ts';

export const releasesCommand: CommandModule = {
  command: 'releases',
  describe: 'Known releases: proven, bad, unproven',
  builder: (y) =>
    outputOptions(y, ['text', 'json']).option('service', {
      type: 'string',
      describe: 'Only of this service',
    }),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    try {
      const known = [...new Set(state.deployments().map((d) => d.service))];
      const services = known.filter(
        (s) => text(args, 'service') === undefined || s === text(args, 'service'),
      );
      const rows = services.flatMap((service) => state.releases(service));
      if (args.output === 'json') {
        const plain = rows.map((r) => ({ ...r, digests: Object.fromEntries(r.digests) }));
        out.data(JSON.stringify({ v: 1, releases: plain }, null, 2));
      } else if (rows.length === 0) out.err('No release is known yet. Next: pdeploy rollout -i NAME');
      else out.data(releasesTable(rows, new Date(), detectStyle(process.stdout, process.env)));
    } finally {
      state.close();
    }
  },
};
