import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';

// Serves what it has loaded: a copy of its page. It loads it at its start and at SIGHUP.
const SCRIPT = `load() { cat "$1/www/page" >"$2"; }
load "$@"
cat "$CREDENTIALS_DIRECTORY/key" >"$2.key"
cat "$CREDENTIALS_DIRECTORY/sealed" >"$2.sealed"
trap 'load "$@"' HUP
while :; do sleep 1 & wait $!; done
`;

const PLAYBOOK = `import { definePlaybook, exec, release, secret, service, systemdUnit, unit, user, variable, z } from 'pdeploy';

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ page: z.string(), binary: z.string(), flavour: z.string(), grace_seconds: z.int() }),
  secrets: { key: secret.file('key.txt') },
  steps: ({ vars, secrets, paths }) => [
    user({ name: 'edge' }),
    release({
      binary: 'busybox',
      from: '/bin/busybox',
      files: [
        { path: 'www/page', content: vars.page + '\\n' },
        { path: 'serve.sh', content: ${JSON.stringify(SCRIPT)} },
      ],
    }),
    systemdUnit({
      user: 'edge',
      exec: [unit\`\${paths.current}/bin/busybox\`, 'sh', unit\`\${paths.current}/serve.sh\`, unit\`\${paths.current}\`, unit\`/run/edge/%i/page\`],
      credentials: { key: secrets.key, sealed: { secret: secrets.key, encrypted: true } },
      service: { ExecReload: ['/bin/kill', '-HUP', variable('MAINPID')] },
    }),
    service({
      reload: true,
      health: (i) => ({ probes: [exec({ argv: ['/bin/grep', '-qx', vars.page.replace('broken', 'good'), '/run/edge/' + i.name + '/page'] })] }),
    }),
  ],
});
`;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: 2 });
  fleet.write('playbooks/rollout.ts', PLAYBOOK);
  fleet.write('key.txt', 'first key\n');
});
afterAll(async () => {
  for (const host of fleet.hosts) await fleet.ssh(host.name, 'rm -f /etc/credstore.encrypted/pdeploy.*');
  await fleet.end();
});

const pages = async (): Promise<readonly string[]> =>
  await Promise.all(fleet.hosts.map(async (h) => (await fleet.ssh(h.name, 'cat /run/edge/1/page')).stdout));

test('a changed configuration is reloaded, one that is not healthy goes back by a restart', async () => {
  const first = await fleet.rollout('v1', '-e', 'page=one');
  expect(first.code, first.text).toBe(0);
  const pids = [...(await fleet.mainPids())];

  const plan = await fleet.pdeploy('plan', '-i', 'lab', '--release', 'v2', '-e', 'page=two');
  expect(plan.stdout).toContain('2 reloads on 2 hosts');
  const second = await fleet.rollout('v2', '-e', 'page=two');
  expect(second.code, second.text).toBe(0);
  expect(await pages()).toEqual(['two\n', 'two\n']);
  expect(await fleet.mainPids()).toEqual(pids);

  // The service reads it, and nobody else but root.
  const look = `cat /run/edge/1/page.key; cmp /run/edge/1/page.key /run/edge/1/page.sealed; grep -rl first /etc/credstore.encrypted; stat -Lc ' %a %U' /run/pdeploy/edge/1/current/credentials/key
    setpriv --reuid edge --regid edge --clear-groups cat /run/pdeploy/edge/1/current/credentials/key 2>&1
    tr '\\0' '\\n' </proc/$(systemctl show -P MainPID edge@1)/environ | grep -c first`;
  for (const host of fleet.hosts)
    expect((await fleet.ssh(host.name, look)).stdout).toMatch(
      /^first key 400 root\ncat: .*: Permission denied\n0\n$/,
    );

  const again = await fleet.rollout('v2', '-e', 'page=two');
  expect(again.code, again.text).toBe(0);
  expect(again.text).toContain('runs v2 already. Nothing has been changed.');
  const status = await fleet.pdeploy('status', '-i', 'lab', '-o', 'json');
  expect(status.code, status.text).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ label: 'v2' });

  // A secret is read at the start alone: another one is another release, and a restart.
  fleet.write('key.txt', 'second key\n');
  const rotated = await fleet.pdeploy('plan', '-i', 'lab', '--release', 'v2', '-e', 'page=two', '-D');
  expect(rotated.stdout).toContain('2 restarts on 2 hosts');
  expect(rotated.stdout).toMatch(/~ credentials\/key +content <secret, \w{4} -> \w{4}>\n/);
  expect(rotated.stdout).not.toMatch(/(first|second) key/);
  const third = await fleet.rollout('v2', '-e', 'page=two');
  expect(third.code, third.text).toBe(0);
  for (const host of fleet.hosts)
    expect((await fleet.ssh(host.name, 'cat /run/edge/1/page.key /run/edge/1/page.sealed')).stdout).toBe(
      'second keysecond key',
    );
  pids.splice(0, 2, ...(await fleet.mainPids()));

  const bad = await fleet.rollout('v3', '-e', 'page=broken', '--healthy-deadline', '2s');
  expect(bad.code, bad.text).toBe(4);
  expect(await pages()).toEqual(['two\n', 'two\n']);
  const [one, two] = await fleet.mainPids();
  expect([one === pids[0], two === pids[1]]).toEqual([false, true]);
  expect((await fleet.pdeploy('status', '-i', 'lab')).code).toBe(0);
});
