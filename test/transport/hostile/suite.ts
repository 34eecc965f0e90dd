import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../support/keys.ts';
import { sshBelow } from '../support/memory.ts';
import { removeDir, tempDir } from '../support/temp-dir.ts';
import type { Subject } from './bench.ts';
import { commands } from './commands.ts';
import { everyState } from './every-state.ts';
import { type LoginKeys, wrongKeys, wrongLogins } from './login.ts';
import { noServer } from './no-server.ts';
import { sends } from './sends.ts';

/** What a server may do to us, whatever the transport: nothing but be told apart, in time and in bounds. */
export function hostileSuite(subject: Subject): void {
  let dir: string;
  let keys: LoginKeys;
  beforeAll(async () => {
    dir = await tempDir();
    keys = { dir, host: await makeKey(dir, 'host'), login: await makeKey(dir, 'login') };
  });
  afterAll(() => removeDir(dir));

  describe(`${subject.kind}: what listens there is no SSH server. It`, () => noServer(subject, () => keys));
  describe(`${subject.kind}: a server that shows`, () => wrongKeys(subject, () => keys));
  describe(`${subject.kind}: a server that`, () => wrongLogins(subject, () => keys));
  describe(`${subject.kind}: a connection cut in every state`, () => everyState(subject, () => keys));
  describe(`${subject.kind}: a host that`, () => commands(subject, () => keys));

  describe(`${subject.kind}, of what it sends,`, () => sends(subject, () => keys));

  it(`${subject.kind} leaves no process behind`, async () => {
    await expect.poll(() => sshBelow(process.pid), { timeout: 5_000 }).toEqual([]);
  });
}
