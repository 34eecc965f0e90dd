import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { down } from '../../src/lab/down.ts';
import { type UpResult, up } from '../../src/lab/up.ts';

/** A lab of this test alone: own name, own inventory, in a state directory of this process. */
export type OwnLab = {
  readonly name: string;
  readonly inventory: string;
  readonly bringUp: (hosts: number) => Promise<UpResult>;
  readonly end: () => Promise<void>;
};

const USERS_STATE = process.env.XDG_STATE_HOME;

let made = 0;
let open = 0;
let dir = '';

async function enter(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('The lab tests start containers. Run them as root.');
  if (open++ > 0) return;
  dir = await mkdtemp(join(tmpdir(), 'pdeploy-lab-test-'));
  // The base image stays where it is: only the state goes to a directory of the test's own.
  process.env.XDG_STATE_HOME = join(dir, 'state');
}

async function leave(): Promise<void> {
  if (--open > 0) return;
  if (USERS_STATE === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = USERS_STATE;
  await rm(dir, { recursive: true });
}

export async function ownLab(): Promise<OwnLab> {
  await enter();
  const name = `t-${process.pid}-${++made}`;
  const inventory = join(dir, name, 'inventories', 'lab.yaml');
  return {
    name,
    inventory,
    bringUp: (hosts) =>
      up({ name, hosts, prefix: 'edge', instances: 2, inventoryFile: inventory, progress: () => undefined }),
    end: async () => {
      await down(name);
      await leave();
    },
  };
}
