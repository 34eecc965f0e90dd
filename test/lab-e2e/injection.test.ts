import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLine } from '../../src/host/commands.ts';
import { payloads } from '../resource/payloads.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { ownPlaybook } from './playbook.ts';

/** One place for each: every text of a playbook or an inventory that may be anything. */
const SHARE = 700;
const CANARY = '/tmp/pwn-';
const [contents, joined, environment, startArgs, argv, unless, probe, ownFiles] = Array.from(
  { length: 8 },
  (_, i) => payloads(5_600, CANARY).slice(i * SHARE, (i + 1) * SHARE),
) as [string[], string[], string[], string[], string[], string[], string[], string[]];
const FILES = 150;
/** Comments of accounts may hold little; the rest is refused. */
const COMMENTS = [
  '%H 100% %%u',
  ...payloads(5_600, CANARY).filter((text) => /^[ !#-9;-[\]-~]+$/.test(text)),
].slice(0, 24);

let fleet: Fleet;

beforeAll(async () => {
  fleet = await openFleet({ hosts: 2, host: (i) => ({ transport: i === 0 ? 'ssh2' : 'openssh' }) });
  for (const host of fleet.hosts) {
    // A spy where both transports come by: what sshd was told to run.
    const spy = `rm -rf /tmp/pwn* /var/lib/injected /usr/local/libexec/pdeploy*; mkdir -p /var/lib/injected
      printf '%s\\n' '#!/bin/sh' 'printf "%s\\0" "$SSH_ORIGINAL_COMMAND" >> /var/lib/injected/commands' 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"' > /usr/local/bin/spy
      chmod 755 /usr/local/bin/spy; printf 'ForceCommand /usr/local/bin/spy\\n' > /etc/ssh/sshd_config.d/spy.conf
      systemctl reload ssh`;
    const done = await fleet.ssh(host.name, spy);
    expect(done.code, done.text).toBe(0);
  }
});

afterAll(async () => {
  for (const host of fleet.hosts)
    await fleet.ssh(
      host.name,
      'for u in $(grep -o ^injected[0-9]* /etc/passwd); do userdel $u; done; rm -rf /etc/ssh/sshd_config.d/spy.conf /var/lib/injected /usr/local/bin/spy /tmp/pwn*; systemctl reload ssh',
    );
  await fleet.end();
});

/** Writes its arguments into a file, each ended by NUL. */
const keeper = (file: string): string => `['/bin/sh', '-c', 'printf "%s\\\\0" "$@" > ${file}', 'sh', `;

test('5,600 hostile texts arrive byte for byte, and nobody acts on them', async () => {
  fleet.write(
    'playbooks/values.json',
    JSON.stringify({
      comments: COMMENTS,
      contents,
      joined,
      environment,
      startArgs,
      argv,
      unless,
      probe,
      ownFiles,
    }),
  );
  const text = ownPlaybook({
    imports: "import all from './values.json';\nimport { command, exec, file } from 'pdeploy';",
    steps: `...all.comments.map((comment, i) => user({ name: \`injected\${i}\`, comment })),
      ...all.ownFiles.slice(0, ${FILES}).map((content, i) => file({ path: \`/var/lib/injected/\${i}\`, content })),
      file({ path: '/var/lib/injected/rest', content: all.ownFiles.slice(${FILES}).join('\\0') }),
      command({ name: 'keep', argv: ${keeper('/var/lib/injected/argv')} ...all.argv],
        unless: ['/bin/sh', '-c', 'printf "%s\\\\0" "$@" > /var/lib/injected/unless; test -e /var/lib/injected/argv', 'sh', ...all.unless],
        irreversible: all.argv[0] }),`,
    files: `...all.contents.slice(0, ${FILES}).map((content, i) => ({ path: \`config/v\${i}\`, content })),
          { path: 'config/contents', content: all.contents.slice(${FILES}).join('\\0') },
          { path: 'config/joined', content: all.joined.join('') },`,
    unit: `service: { ExecStartPre: [{ argv: ${keeper('/var/lib/edge/1/args')} ...all.startArgs] }] },
        description: 'a %i $HOME \\\\ " b',`,
  })
    .replace(
      'environment: flavour.environment',
      "environment: { ...flavour.environment, ...Object.fromEntries(all.environment.map((v, i) => ['V' + i, v])) }",
    )
    .replace(
      'probes: [http(',
      `probes: [exec({ argv: ${keeper('/var/lib/edge/1/probe')} ...all.probe] }), http(`,
    );
  fleet.write('playbooks/rollout.ts', text);
  const label = `$(touch ${CANARY}label)'"`;
  const ran = await fleet.rollout(label, '--wave', '100%', '--healthy-deadline', '60s');
  expect(ran.code, ran.text.slice(-3_000)).toBe(0);
  expect(ran.text).not.toMatch(/[^\P{Cc}\n\t]/u);

  for (const host of fleet.hosts) {
    const read = async (file: string): Promise<string> => {
      const got = await fleet.ssh(host.name, `base64 -w0 ${file}`);
      return Buffer.from(got.stdout, 'base64').toString();
    };
    const many = async (prefix: string): Promise<string[]> => {
      const script = `i=0; while [ $i -lt ${FILES} ]; do base64 -w0 ${prefix}$i; echo; i=$((i + 1)); done`;
      const got = await fleet.ssh(host.name, script);
      return got.stdout
        .trimEnd()
        .split('\n')
        .map((line) => Buffer.from(line, 'base64').toString());
    };
    const current = '/run/pdeploy/edge/1/current/config';
    const ended = (texts: readonly string[]): string => texts.map((value) => `${value}\0`).join('');
    const accounts = await fleet.ssh(host.name, 'grep ^injected /etc/passwd');
    expect(
      accounts.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')[4]),
    ).toEqual(COMMENTS);
    expect(await many('/var/lib/injected/')).toEqual(ownFiles.slice(0, FILES));
    expect(await read('/var/lib/injected/rest')).toBe(ownFiles.slice(FILES).join('\0'));
    expect(await many(`${current}/v`)).toEqual(contents.slice(0, FILES));
    expect(await read(`${current}/contents`)).toBe(contents.slice(FILES).join('\0'));
    expect(await read(`${current}/joined`)).toBe(joined.join(''));
    expect(await read('/var/lib/injected/argv')).toBe(ended(argv));
    expect(await read('/var/lib/injected/unless')).toBe(ended(unless));
    expect(await read('/var/lib/edge/1/args')).toBe(ended(startArgs));
    expect(await read('/var/lib/edge/1/probe')).toBe(ended(probe));
    const variables = (await read('/proc/$(systemctl show -P MainPID edge@1)/environ')).split('\0');
    const given = new Set(variables);
    expect(environment.filter((value, i) => !given.has(`V${i}=${value}`))).toEqual([]);
    expect(given).toContain(`PDEPLOY_LABEL=${label}`);

    const made = await fleet.ssh(host.name, `find / -xdev -name 'pwn*' 2>/dev/null`);
    expect(made.stdout).toBe('');
    const commands = (await read('/var/lib/injected/commands'))
      .split('\0')
      .filter((line) => line !== 'sh -s');
    const constant = ['agent', 'install-agent'] as const;
    expect(new Set(commands)).toEqual(
      new Set(['', ...constant.map((command) => commandLine(command, false))]),
    );
  }
  expect(readdirSync('/tmp').filter((name) => name.startsWith('pwn'))).toEqual([]);
  expect(existsSync(`${CANARY}label`)).toBe(false);
});
