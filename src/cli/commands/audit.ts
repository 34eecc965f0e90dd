import type { CommandModule } from 'yargs';
import { EXIT } from '../../errors.ts';
import { type Audit, audit } from '../../execute/audit.ts';
import { auditText } from '../../report/audit.ts';
import { text } from '../args.ts';
import { out } from '../io.ts';
import { fleetOptions, outputOptions } from '../options.ts';
import { openProjectState } from '../project.ts';
import { openSession } from '../session.ts';

export const auditCommand: CommandModule = {
  command: 'audit <action>',
  describe: 'Check the record of deployments: in itself, with -i against its hosts',
  builder: (y) =>
    outputOptions(fleetOptions(y), ['text', 'json']).positional('action', {
      choices: ['verify'] as const,
      demandOption: true,
    }),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    try {
      let result: Audit;
      if (text(args, 'inventory') === undefined) result = await audit(state);
      else {
        const session = await openSession(args);
        result = await audit(state, session.fleet, session.service).finally(() => session.close());
      }
      if (args.output === 'json') out.data(JSON.stringify({ v: 1, ...result }, null, 2));
      else out.data(auditText(result).join('\n'));
      const bad = !result.chain.ok || result.hosts.some((h) => h.problems.length > 0);
      const asked = result.hosts.every((h) => h.unreachable === '');
      process.exitCode = bad ? EXIT.needsPerson : asked ? EXIT.done : EXIT.refused;
    } finally {
      state.close();
    }
  },
};
