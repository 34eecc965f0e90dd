import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encryptFile, generateIdentity } from '../../src/secrets/age.ts';
import { FORMS } from '../util/forms.ts';
import { type Fleet, openFleet } from './fleet.ts';
import type { Ran } from './process.ts';
import { watchProcesses } from './process-watch.ts';

const PLAYBOOKS = new URL('../../playbooks', import.meta.url).pathname;

/** On a host: the files that the playbook names, and where systemd hands a credential to the service. */
const HOLDING =
  /^$|^\/etc\/edge-key$|^\/opt\/pdeploy\/edge\/releases\/\w+\/(config\/(key|login)|credentials\/key)$|^\/run\/credentials\/edge@1.service\/key$/;

/**
 * A deployment that tries to give its secrets away wherever it can: the service says them in its journal before it starts, in
 * several forms; a hook prints them; a file of the host that is shown as a diff holds one; an error says one.
 */
const PLAYBOOK = `import { definePlaybook, file, http, portOf, release, secret, service, systemdUnit, template, unit, user, z } from 'pdeploy';
import { caddy } from '${PLAYBOOKS}/services/caddy.ts';
import { edge } from '${PLAYBOOKS}/services/edge.ts';

const SAY = 'cd /run/pdeploy/edge/1/current/config; for f in key login; do cat $f; base64 -w0 $f; echo; od -An -v -tx1 -w9999 $f; done;';

export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  vars: z.object({ binary: z.string(), flavour: z.enum(['edge', 'caddy']), workers: z.int().default(2), words: z.string().default('') }),
  hooks: { beforeWave: ['cat', 'secrets.txt'] },
  secrets: { key: secret('edge.key'), password: secret.age('secrets/lab.yaml.age', 'edge.password') },
  steps: ({ vars, instances, paths, secrets }) => {
    if (vars.words === 'throw') throw new Error('cannot use ' + encodeURIComponent(secrets.password.reveal()));
    const flavour = { edge, caddy }[vars.flavour];
    const own = { ...vars, drain_seconds: 0, grace_seconds: 0, fault: {} };
    return [
      user({ name: 'edge' }),
      file({ path: '/etc/edge-note', content: 'nothing to see\\n' }),
      file({ path: '/etc/edge-key', content: secrets.key, phase: 'prepare' }),
      release({
        binary: flavour.binary,
        from: vars.binary,
        files: [
          ...instances.map((i) => ({ path: \`config/\${i.name}.json\`, content: JSON.stringify(flavour.config(i, own)) })),
          { path: 'config/key', content: secrets.key },
          { path: 'config/login', content: template('login', { password: secrets.password }) },
        ],
      }),
      systemdUnit({
        user: 'edge',
        notify: true,
        exec: [unit\`\${paths.current}/bin/\${flavour.binary}\`, ...flavour.run, unit\`\${paths.current}/config/%i.json\`],
        environment: flavour.environment,
        credentials: { key: secrets.key },
        service: { ExecStartPre: [['/bin/sh', '-c', SAY + (vars.words === 'bad' ? 'exit 1' : 'exit 0')]] },
      }),
      service({
        health: (i) => ({ probes: [http({ port: portOf(i, flavour.ports[0]), path: '/readyz' })] }),
      }),
    ];
  },
});
`;

describe('secrets', () => {
  let dir: string;
  let fleet: Fleet;
  const shown: string[] = [];
  const secrets = ['key', 'login'].map((name) => `${name}$"'/+ é${randomBytes(12).toString('base64')}`);
  /** The secrets in all forms. Long enough that nothing else looks like one. */
  const patterns = [...new Set(secrets.flatMap(written))];
  let watch: ReturnType<typeof watchProcesses>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'pdeploy-canary-'));
    vi.stubEnv('TMPDIR', dir);
    const me = await generateIdentity();
    writeFileSync(join(dir, 'age.key'), me.text, { mode: 0o600 });
    vi.stubEnv('PDEPLOY_AGE_KEY_FILE', join(dir, 'age.key'));
    fleet = await openFleet({ hosts: 2 });
    fleet.write('playbooks/rollout.ts', PLAYBOOK);
    fleet.write('playbooks/login', 'name: edge\npassword: {{ password }}\n');
    const [key, password] = secrets;
    const sealed = await encryptFile(Buffer.from(JSON.stringify({ edge: { key, password } })), [
      me.recipient,
    ]);
    fleet.write('secrets/lab.yaml.age', sealed);
    fleet.write('secrets.txt', `${secrets.join('\n')}\n`);
    const note = `echo 'key: ${Buffer.from(`${secrets[0]}`).toString('hex')}' >/etc/edge-note`;
    for (const host of fleet.hosts) await fleet.ssh(host.name, note);
    watch = watchProcesses(patterns);
  });
  afterAll(async () => {
    watch.end();
    for (const host of fleet.hosts) await fleet.ssh(host.name, 'rm -f /etc/edge-note /etc/edge-key');
    await fleet.end();
    rmSync(dir, { recursive: true, force: true });
  });

  const keep = (ran: Ran): Ran => {
    shown.push(ran.stdout, ran.stderr);
    return ran;
  };
  const pdeploy = async (...args: string[]) => keep(await fleet.pdeploy(...args));
  const rollout = async (label: string, ...args: string[]) => keep(await fleet.rollout(label, ...args));

  test('show as their names, whoever says them', async () => {
    const plan = await pdeploy('plan', '-i', 'lab', '-D', '--out', 'plan.json');
    expect(plan.stdout).toMatch(/-key: <secret edge\.key>/);
    const first = await rollout('v1');
    expect(first.code, first.text).toBe(0);
    expect(first.text).toContain('<secret edge.password>');
    const bad = await rollout('v2', '-e', 'words=bad', '--healthy-deadline', '3s', '--output', 'jsonl');
    expect(bad.code, bad.text).toBe(4);
    const logs = bad.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .flatMap((event) => event.evidence?.logs ?? []);
    expect(logs.filter((line: string) => line.includes('<secret edge.key>')).length).toBeGreaterThanOrEqual(
      3,
    );
    expect(logs).toContainEqual('password: <secret edge.password>');
    const thrown = await pdeploy('plan', '-i', 'lab', '--debug', '-e', 'words=throw');
    expect(thrown.code).toBe(2);
    expect(thrown.stderr).toContain('cannot use <secret edge.password>');
  });

  test('are nowhere in what pdeploy tells afterwards', async () => {
    const report = await pdeploy('report');
    expect(report.code, report.text).toBe(0);
    expect(report.text).toContain('password: <secret edge.password>');
    for (const args of [
      ['report', '--output', 'jsonl'],
      ['history'],
      ['history', '--output', 'json'],
      ['releases', '--service', 'edge'],
      ['audit', 'verify', '-i', 'lab'],
      ['status', '-i', 'lab', '--output', 'json'],
      ['hosts', 'facts', '-i', 'lab', '--output', 'json'],
      ['rollback', '-i', 'lab', '--yes', '--to', 'v1', '--min-healthy-time', '500ms'],
    ])
      await pdeploy(...args);
    expect(hits(shown.join('\n'))).toEqual([]);
  });

  test('were never in the arguments or the environment of a process, here or on a host', () => {
    watch.end();
    expect(watch.looks()).toBeGreaterThan(50);
    expect(watch.found()).toEqual([]);
  });

  test('are in no file of the controller but those that are meant to hold them', () => {
    const files = filesBelow(dir);
    expect(files.some((f) => f.endsWith('state.db'))).toBe(true);
    expect(files.some((f) => f.includes('/cache/pdeploy/releases/'))).toBe(true);
    const holding = files.filter((file) => hits(readFileSync(file, 'latin1')).length > 0);
    expect(holding.map((f) => f.slice(fleet.dir.length + 1))).toEqual(['secrets.txt']);
  });

  test('are on the hosts in the files that the playbook names, and in the journal of the service', async () => {
    const list = Buffer.from(patterns.filter((p) => !p.includes('\n')).join('\n')).toString('base64');
    for (const host of fleet.hosts) {
      const at = '/opt/pdeploy /var/lib/pdeploy /run /etc /tmp /var/tmp /root /home /usr/local';
      const grep = `echo ${list} | base64 -d >/dev/shm/p
        grep -rlaFf /dev/shm/p --exclude-dir=journal ${at} /var/log 2>/dev/null
        echo ---; journalctl --no-pager -o json | grep -aFf /dev/shm/p | sed 's/.*"_SYSTEMD_UNIT":"\\([^"]*\\)".*/\\1/' | sort | uniq
        rm /dev/shm/p`;
      const [files = '', units = ''] = (await fleet.ssh(host.name, grep)).stdout.split('---\n');
      const odd = files.split('\n').filter((f) => !HOLDING.test(f));
      expect(odd).toEqual([]);
      expect(files).toContain('/etc/edge-key');
      expect(units.trim()).toBe('edge@1.service');
    }
  });

  function hits(text: string): readonly string[] {
    const bytes = text.includes('é') ? Buffer.from(text, 'utf8').toString('latin1') : text;
    return patterns.filter(
      (p) => text.includes(p) || bytes.includes(Buffer.from(p, 'utf8').toString('latin1')),
    );
  }
});

/** Every form of a text, and of its ASCII half, by other means than those that are tested. */
function written(text: string): readonly string[] {
  const tail = text.slice(text.indexOf('é') + 1);
  const encoded = [0, 1, 2].flatMap((n) =>
    (['base64', 'base64url'] as const).map((encoding) =>
      Buffer.from(`${'x'.repeat(n)}${text}`)
        .toString(encoding)
        .slice(4, -4),
    ),
  );
  return [text, tail].flatMap((t) => [...FORMS.values()].map((form) => form(t))).concat(encoded);
}

function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
