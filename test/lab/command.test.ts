import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import yargs from 'yargs';

import { labCommand } from '../../src/cli/commands/lab.ts';
import { hostProcesses } from '../../src/lab/host-process.ts';
import { labHost } from '../../src/lab/lab-state.ts';
import { type OwnLab, ownLab } from './own-lab.ts';

let own: OwnLab;

beforeAll(async () => {
  own = await ownLab();
  await own.bringUp(1);
});

afterAll(async () => {
  await own.end();
});

/** What one command line prints; errors are thrown as they are. */
async function lab(
  ...words: readonly string[]
): Promise<{ readonly data: string; readonly progress: string }> {
  const data = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const progress = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await yargs(['lab', ...words, '--name', own.name])
      .command({ ...labCommand, command: 'lab' })
      .strict()
      .exitProcess(false)
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseAsync();
    const printed = (spy: typeof data) => spy.mock.calls.map((call) => String(call[0])).join('');
    return { data: printed(data), progress: printed(progress) };
  } finally {
    data.mockRestore();
    progress.mockRestore();
  }
}

describe('pdeploy lab', () => {
  it('status prints a table, or JSON with what a script needs', async () => {
    const host = await labHost(own.name, 'edge-01');
    const { data } = await lab('status');
    expect(data).toMatch(/^HOST +ADDRESS +ZONE +STATE +NETWORK +PID +UPTIME\n/);
    expect(data).toMatch(new RegExp(`edge-01 +${host.address} +a +running +up +\\d+ +\\d+\\.\\ds\\n$`));
    const json: unknown = JSON.parse((await lab('status', '-o', 'json')).data);
    expect(json).toMatchObject({
      v: 1,
      name: own.name,
      inventories: [own.inventory],
      hosts: [
        {
          name: 'edge-01',
          address: host.address,
          state: 'running',
          pid: (await hostProcesses(host))?.init?.pid,
        },
      ],
    });
  });

  it('power-cut and boot act on the host that is named', async () => {
    const host = await labHost(own.name, 'edge-01');
    expect(await lab('power-cut', 'edge-01')).toEqual({ data: '', progress: 'edge-01: power cut\n' });
    expect(await hostProcesses(host)).toBeUndefined();
    expect((await lab('status')).data).toMatch(/edge-01 .* dead +none +- +-\n$/);
    await lab('boot', 'edge-01');
    expect((await lab('status')).data).toContain('running');
  });

  it('ssh gives back the exit status of the command', async () => {
    const before = process.exitCode;
    await lab('ssh', 'deploy@edge-01', 'test "$(id -un)" = deploy && exit 7');
    const code = process.exitCode;
    process.exitCode = before;
    expect(code).toBe(7);
  });

  it('refuses hosts and labs that are not there', async () => {
    await expect(lab('power-cut', 'edge-09')).rejects.toMatchObject({ code: 'PD6008', exitCode: 3 });
    await expect(lab('up', '--hosts', 'three')).rejects.toMatchObject({ code: 'PD6011', exitCode: 2 });
    await expect(lab('bogus')).rejects.toThrow(/bogus/i);
  });
});
