import { afterEach, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';
import { ownPlaybook } from './playbook.ts';

const WORDS = `$(touch /tmp/pwn) \`touch /tmp/pwn\` '; touch /tmp/pwn; ' " \\" \${HOME} $HOME %i %% && touch /tmp/pwn # \\n ü`;

let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.ssh('edge-01', 'rm -f /tmp/pwn /tmp/pwn-label');
  await fleet?.end();
  fleet = undefined;
});

test('a value of the inventory arrives as it is, and nobody runs it', async () => {
  fleet = await openFleet({ hosts: 1, host: () => ({ vars: { words: WORDS } }) });
  await fleet.ssh('edge-01', 'rm -f /tmp/pwn /tmp/pwn-label');
  const text = ownPlaybook({
    files: `{ path: 'config/words', content: vars.words + '\\n' + vars.words },`,
    unit: `description: vars.words.replace('ü', 'u'), `,
  }).replace(
    'environment: flavour.environment',
    'environment: { ...flavour.environment, WORDS: vars.words }',
  );
  fleet.write('playbooks/rollout.ts', text);
  const ran = await fleet.rollout(`$(touch /tmp/pwn-label)'"`);
  expect(ran.code, ran.text).toBe(0);
  expect(ran.text).toContain('1 of 1 healthy');

  const file = await fleet.ssh('edge-01', 'base64 -w0 /run/pdeploy/edge/1/current/config/words');
  expect(Buffer.from(file.stdout, 'base64').toString()).toBe(`${WORDS}\n${WORDS}`);
  const environment = await fleet.ssh(
    'edge-01',
    'base64 -w0 /proc/$(systemctl show -P MainPID edge@1)/environ',
  );
  const variables = Buffer.from(environment.stdout, 'base64').toString().split('\0');
  expect(variables).toContain(`WORDS=${WORDS}`);
  expect(variables).toContain(`PDEPLOY_LABEL=$(touch /tmp/pwn-label)'"`);
  const made = await fleet.ssh(
    'edge-01',
    'ls /tmp/pwn /tmp/pwn-label /run/pwn 2>/dev/null; ls -d /tmp/systemd-private-*/tmp/pwn* 2>/dev/null',
  );
  expect(made.stdout).toBe('');
  const history = await fleet.pdeploy('releases');
  expect(history.stdout).toContain(`$(touch /tmp/pwn-label)'"`);
});
