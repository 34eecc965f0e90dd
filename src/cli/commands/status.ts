import type { CommandModule } from 'yargs';
import { EXIT } from '../../errors.ts';
import { type FleetStatus, fleetStatus } from '../../execute/fleet-status.ts';
import { statusTable } from '../../report/status.ts';
import { detectStyle } from '../../report/style.ts';
import { out } from '../io.ts';
import { judgesOfProject } from '../judges.ts';
import { fleetOptions, outputOptions } from '../options.ts';
import { openRecordedSession, type Session } from '../session.ts';
import { waiting } from '../wait.ts';

export const statusCommand: CommandModule = {
  command: 'status',
  describe: 'What runs where, and is it healthy',
  builder: (y) => outputOptions(fleetOptions(y), ['text', 'json']),
  handler: async (args) => {
    const { session, state } = await openRecordedSession(args);
    try {
      const status = await waiting(
        'Asking the hosts',
        args.quiet === true,
        fleetStatus(session.fleet, session.service, () => judgesOfProject(session)),
      );
      const release = commonest(status);
      const record = release === '' ? undefined : state.release(session.service, release);
      const last = state
        .deployments({ service: session.service, inventory: session.inventory.name, limit: 20 })
        .find((d) => d.to === release && d.outcome === 'succeeded');
      const head = {
        service: session.service,
        inventory: session.inventory.name,
        release,
        label: record?.label ?? status.instances.find((i) => i.release === release)?.label ?? '',
        mark: record?.mark ?? 'unproven',
      };
      if (args.output === 'json')
        out.data(
          JSON.stringify(
            { v: 1, ...head, instances: status.instances, unreachable: status.unreachable },
            null,
            2,
          ),
        );
      else {
        const rows = [...status.instances.map((i) => ({ ...i, note: i.note })), ...cordoned(session)];
        out.data(
          statusTable(
            {
              ...head,
              rows,
              unreachable: status.unreachable,
              ...(last === undefined ? {} : { at: last.lastAt, by: last.actor }),
            },
            new Date(),
            detectStyle(process.stdout, process.env),
            process.stdout.rows ?? 24,
          ),
        );
      }
      if (status.instances.some((i) => i.health !== 'healthy')) process.exitCode = EXIT.refused;
    } finally {
      state.close();
      await session.close();
    }
  },
};

function commonest(status: FleetStatus): string {
  const counts = new Map<string, number>();
  for (const i of status.instances)
    if (i.release !== '') counts.set(i.release, (counts.get(i.release) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

function cordoned(session: Session) {
  return session.hosts.flatMap((host) =>
    host.cordon === undefined
      ? []
      : host.instances.map((i) => ({
          host: host.name,
          instance: i.name,
          release: '',
          health: 'unknown' as const,
          note: `cordoned: ${host.cordon?.reason ?? ''}${host.cordon?.until === undefined ? '' : `, until ${host.cordon.until}`}`,
        })),
  );
}
