import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import { jsonLine } from '../../report/jsonl.ts';
import { createPlainReporter } from '../../report/plain.ts';
import { detectStyle } from '../../report/style.ts';
import { summary } from '../../report/summary.ts';
import { text } from '../args.ts';
import { out } from '../io.ts';
import { outputOptions } from '../options.ts';
import { openProjectState } from '../project.ts';

export const reportCommand: CommandModule = {
  command: 'report [deployment]',
  describe: 'The story of one deployment',
  builder: (y) =>
    outputOptions(y.positional('deployment', { type: 'string', describe: 'Its id; default: the newest' }), [
      'text',
      'jsonl',
    ]),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    try {
      const id = text(args, 'deployment') ?? state.deployments({ limit: 1 })[0]?.id;
      const events = id === undefined ? [] : state.events(id);
      if (id === undefined || events.length === 0)
        throw new RefusedError(
          'PD5007',
          id === undefined ? 'no deployment yet' : `no deployment ${id} is known here`,
          { hint: 'pdeploy history' },
        );
      if (args.output === 'jsonl') {
        out.data(events.map((e) => jsonLine(e).trimEnd()).join('\n'));
        return;
      }
      const style = detectStyle(process.stdout, process.env);
      const reporter = createPlainReporter({
        sink: { write: (t: string) => process.stdout.write(t) },
        heartbeatMs: 0,
      });
      for (const event of events) reporter.event(event);
      await reporter.end();
      const plan = state.plan(id);
      const marked = plan !== undefined && state.release(plan.service, plan.release.id)?.mark === 'bad';
      out.data(`\n${summary(events, plan, style, { marked })}`);
    } finally {
      state.close();
    }
  },
};
