import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';

// Serves what it has loaded: a copy of its page. It loads it at its start and at SIGHUP.
const SCRIPT = `load() { cat "$1/www/page" >"$2"; }
load "$@"
trap 'load "$@"' HUP
while :; do sleep 1 & wait $!; done
`;

const PLAYBOOK = `import { definePlaybook, exec, release, service, systemdUnit, unit, user, variable, z } from 'pdeploy';

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ page: z.string(), binary: z.string(), flavour: z.string(), grace_seconds: z.int() }),
  steps: ({ vars, instances, paths }) => [
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
});
afterAll(() => fleet.end());

const pages = async (): Promise<readonly string[]> =>
  await Promise.all(fleet.hosts.map(async (h) => (await fleet.ssh(h.name, 'cat /run/edge/1/page')).stdout));

test('a changed configuration is reloaded, one that is not healthy goes back by a restart', async () => {
  const first = await fleet.rollout('v1', '-e', 'page=one');
  expect(first.code, first.text).toBe(0);
  const pids = await fleet.mainPids();

  const plan = await fleet.pdeploy('plan', '-i', 'lab', '--release', 'v2', '-e', 'page=two');
  expect(plan.stdout).toContain('2 reloads on 2 hosts');
  const second = await fleet.rollout('v2', '-e', 'page=two');
  expect(second.code, second.text).toBe(0);
  expect(await pages()).toEqual(['two\n', 'two\n']);
  expect(await fleet.mainPids()).toEqual(pids);

  const again = await fleet.rollout('v2', '-e', 'page=two');
  expect(again.code, again.text).toBe(0);
  expect(again.text).toContain('runs v2 already. Nothing has been changed.');
  const status = await fleet.pdeploy('status', '-i', 'lab', '-o', 'json');
  expect(status.code, status.text).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ label: 'v2' });

  const bad = await fleet.rollout('v3', '-e', 'page=broken', '--healthy-deadline', '2s');
  expect(bad.code, bad.text).toBe(4);
  expect(await pages()).toEqual(['two\n', 'two\n']);
  const [one, two] = await fleet.mainPids();
  expect([one === pids[0], two === pids[1]]).toEqual([false, true]);
  expect((await fleet.pdeploy('status', '-i', 'lab')).code).toBe(0);
});
