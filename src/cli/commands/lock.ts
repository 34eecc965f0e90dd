import type { CommandModule } from 'yargs';
import { UsageError } from '../../errors.ts';
import { lockAcquire, lockRelease, lockStatus } from '../../execute/locks.ts';
import { actor } from '../../execute/origin.ts';
import { lockTable } from '../../report/lock.ts';
import { detectStyle } from '../../report/style.ts';
import { type Args, text } from '../args.ts';
import { isInteractive, out } from '../io.ts';
import { fleetOptions, outputOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';

export const lockCommand: CommandModule = {
  command: 'lock <action>',
  describe: 'Show, take or free the lease on the hosts',
  builder: (y) =>
    outputOptions(fleetOptions(y), ['text', 'json'])
      .positional('action', { choices: ['status', 'acquire', 'release'] as const, demandOption: true })
      .option('message', { alias: 'm', type: 'string', describe: 'Why it is taken; others are told' })
      .option('yes', {
        alias: 'y',
        type: 'boolean',
        default: false,
        describe: 'Do not ask before freeing it',
      }),
  handler: async (args) => {
    const session = await openSession(args);
    try {
      switch (args.action) {
        case 'acquire':
          return await acquire(args, session);
        case 'release':
          return await release(args, session);
        default:
          return await show(args, session);
      }
    } finally {
      await session.close();
    }
  },
};

async function show(args: Args, session: Session): Promise<void> {
  const locks = await lockStatus(session.fleet, session.service);
  if (args.output === 'json')
    return out.data(JSON.stringify({ v: 1, service: session.service, locks }, null, 2));
  const rows = locks.map(({ host, lease, why }) =>
    lease === undefined
      ? { host, holder: '', deployment: '', epoch: 0, manual: false, reason: why }
      : { host, ...lease, ...(lease.manual ? {} : { expiresInMs: lease.expiresInMs }) },
  );
  out.data(lockTable(rows, detectStyle(process.stdout, process.env)));
}

async function acquire(args: Args, session: Session): Promise<void> {
  const reason = text(args, 'message');
  if (reason === undefined)
    throw UsageError.of('PD2225', 'a lock needs a reason', 'pdeploy lock acquire -m "why"');
  await lockAcquire(session.fleet, session.service, actor(), reason);
  out.err(
    `${session.service} is locked on ${session.fleet.hosts.length} hosts until somebody says pdeploy lock release.`,
  );
}

async function release(args: Args, session: Session): Promise<void> {
  if (args.yes !== true) {
    if (!isInteractive()) throw UsageError.of('PD2230', 'nobody is there to say yes', 'add --yes');
    const { confirm } = await import('../prompt.ts');
    if (
      !(await confirm(
        `Free the lease of ${session.service}? A deployment that holds it will be stopped.`,
        session.stops.stop,
      ))
    )
      return;
  }
  const freed = await lockRelease(session.fleet, session.service, actor());
  out.err(freed.length === 0 ? 'No lease was held.' : `Freed on ${freed.join(', ')}.`);
}
