import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import { actor } from '../../execute/origin.ts';
import { out } from '../io.ts';
import { openProjectState } from '../project.ts';

type Kind = 'pause' | 'continue' | 'promote' | 'abort';

const WORDS: Record<Kind, { readonly describe: string; readonly said: string }> = {
  pause: {
    describe: 'Hold a running deployment after the instance in hand',
    said: 'will pause after the instance in hand. Next: pdeploy continue',
  },
  continue: { describe: 'Let a paused deployment go on', said: 'goes on.' },
  promote: {
    describe: 'Let a deployment go on after its canary',
    said: 'is promoted: the next waves start.',
  },
  abort: {
    describe: 'End a running deployment and take its instances back',
    said: 'is ending; its instances go back.',
  },
};

function controlCommand(kind: Kind): CommandModule {
  return {
    command: `${kind} [deployment]`,
    describe: WORDS[kind].describe,
    builder: (y) =>
      y.positional('deployment', { type: 'string', describe: 'Its id; default: the one that is running' }),
    handler: async (args) => {
      const { state } = await openProjectState(process.cwd());
      try {
        const id =
          typeof args.deployment === 'string'
            ? args.deployment
            : onlyRunning(state.running().map((r) => r.deployment));
        if (state.runner(id)?.alive !== 'yes' && kind !== 'continue' && kind !== 'pause') {
          const runner = state.runner(id);
          if (runner === undefined || runner.alive === 'no')
            throw new RefusedError('PD4010', `no controller is running deployment ${id}`, {
              hint: `pdeploy resume ${id}`,
            });
        }
        state.postControl(id, kind, actor());
        out.err(`${id} ${WORDS[kind].said}`);
      } finally {
        state.close();
      }
    },
  };
}

function onlyRunning(ids: readonly string[]): string {
  const [id, ...more] = ids;
  if (id === undefined)
    throw new RefusedError('PD4011', 'no deployment is running here', { hint: 'pdeploy history' });
  if (more.length > 0)
    throw new RefusedError('PD4012', `several deployments are running: ${ids.join(', ')}`, {
      hint: 'name one of them',
    });
  return id;
}

export const pauseCommand = controlCommand('pause');
export const continueCommand = controlCommand('continue');
export const promoteCommand = controlCommand('promote');
export const abortCommand = controlCommand('abort');
