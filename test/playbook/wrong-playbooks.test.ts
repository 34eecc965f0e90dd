import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { Json } from '../../src/model/json.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { aHost } from '../resource/sample.ts';
import { tempProject } from './temp-project.ts';

const IMPORT =
  "import { command, definePlaybook, directory, file, http, portOf, release, service, systemdUnit, template, unit, user, z } from 'pdeploy';\n";
const STEPS = (lines: string, more = ''): string => `${IMPORT}export default definePlaybook({
  name: 'wrong', service: 'edge', ${more}
  steps: ({ host, instances, vars, paths }) => [
${lines}
  ],
});
`;
const SERVICE = `    release({ binary: 'edge', from: './edge' }),
    systemdUnit({ user: 'edge', exec: [unit\`\${paths.current}/bin/edge\`] }),
    service({ health: { probes: [http({ port: 80 })] } }),`;

type Wrong = {
  readonly name: string;
  readonly source: string;
  /** `code line:col message`, one for each problem. */
  readonly says: readonly string[];
  readonly hint?: string;
  readonly vars?: { readonly [name: string]: Json };
  readonly files?: { readonly [path: string]: string };
};

const OPEN = "{ path: 'config/a', content: 'k: hunter2-a' }";

const WRONG: readonly Wrong[] = [
  {
    name: 'a secret in arguments, in a unit, in a file that is not secret, in a hook',
    source: STEPS(
      `    command({ name: 'c', argv: ['/bin/login', Buffer.from('hunter2-a').toString('hex')], unless: ['true'], revert: ['true'] }),
    release({ binary: 'edge', from: './edge', files: [${OPEN}, { path: 'config/b', content: key }] }),
    systemdUnit({ user: 'edge', exec: [unit\`\${paths.current}/bin/edge\`, '--key', key.reveal()] }),
    service({ health: { probes: [http({ port: 80, path: '/?key=' + key.reveal() })] } }),`,
      "hooks: { onFailure: ['./page', 'hunter2-a'] },",
    ).replace(
      '\nexport',
      "\nimport { Secret } from 'pdeploy';\nconst key = new Secret('key', 'hunter2-a');\nexport",
    ),
    says: [
      'PD2137 - playbook wrong: command:c has <secret key> in desired.argv.1, where it could be read',
      'PD2137 - playbook wrong: release has <secret key> in files.0.content, where it could be read',
      'PD2137 - playbook wrong: unit has <secret key> in text, where it could be read',
      'PD2137 - playbook wrong: service has <secret key> in health.1.probes.0.path, where it could be read',
      'PD2137 - playbook wrong: a hook has <secret key> in onFailure.argv.1, where it could be read',
    ],
  },
  {
    name: 'secrets that are no sources, and variables that are no secrets',
    source: STEPS('', "secrets: { key: 'edge.key', port: 80 },"),
    says: [
      "PD2105 2:16 definePlaybook(): secrets.key: expected secret('name') or secret.env('NAME'), got string",
      "PD2105 2:16 definePlaybook(): secrets.port: expected secret('name') or secret.env('NAME'), got number",
    ],
  },
  {
    name: 'a variable that is a text where a secret belongs',
    source: STEPS('', 'vars: z.object({ key: secret.variable() }),').replace(
      'service, sys',
      'secret, service, sys',
    ),
    vars: { key: 'in the clear' },
    says: ['PD2106 - vars.key of edge-01: expected a secret, !secret NAME in the inventory'],
  },
  {
    name: 'a secret of an instance that is a text',
    source: STEPS("file({ path: '/a', content: secretOf(instances[0], 'port') }),").replace(
      'service, sys',
      'secretOf, service, sys',
    ),
    says: ['PD2140 5:29 port of edge-01@1: expected a secret, got 6188'],
  },
  {
    name: 'a name of a secret that cannot be one',
    source: `${IMPORT}import { secret } from 'pdeploy';\nexport default definePlaybook({ name: 'x', service: 'edge', secrets: { a: secret('a b') }, steps: () => [] });\n`,
    says: [
      'PD2130 3:1 secret(): expected names of letters, digits, - and _, with dots between them, got "a b"',
    ],
  },
  {
    name: 'a missing comma',
    source: `${IMPORT}export default definePlaybook({\n  name: 'x'\n  service: 'edge',\n});\n`,
    says: ['PD2102 4:3 DIR/p.ts does not compile: Unexpected token, expected ","'],
  },
  {
    name: 'a missing file',
    source: `${IMPORT}import { helper } from './helper.ts';\nexport default helper;\n`,
    says: ['PD2103 2:27 DIR/p.ts imports "./helper.ts", which does not exist'],
  },
  {
    name: 'a syntax error in a file it imports',
    source: `${IMPORT}import { helper } from './helper.ts';\nexport default helper;\n`,
    files: { 'helper.ts': 'export const helper = {;\n' },
    says: ['PD2102 1:24 DIR/helper.ts does not compile: Unexpected token'],
  },
  {
    name: 'a misspelt import',
    source: "import { definePlaybok } from 'pdeploy';\n\nexport default definePlaybok({ name: 'x' });\n",
    says: ['PD2103 1:10 \'pdeploy\' exports no "definePlaybok", did you mean "definePlaybook"?'],
  },
  {
    name: 'code that throws when loaded',
    source: `${IMPORT}\nconst port = JSON.parse('{');\nexport default port;\n`,
    says: [
      "PD2103 3:19 DIR/p.ts: failed while it was loaded: SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ],
  },
  {
    name: 'no default export',
    source: `${IMPORT}export const playbook = definePlaybook({ name: 'x', service: 'edge', steps: () => [] });\n`,
    says: ['PD2104 - DIR/p.ts has no default export; it exports "playbook"'],
    hint: 'end the file with: export default definePlaybook({ ... })',
  },
  {
    name: 'a plain object',
    source: "export default { name: 'x', service: 'edge', steps: () => [] };\n",
    says: ['PD2104 - DIR/p.ts: the default export is not a playbook but an object'],
  },
  {
    name: 'a wrong definition, all of it at once',
    source: `${IMPORT}\nexport default definePlaybook({ name: 'My Playbook', service: 'pdeploy', step: () => [], strategy: { wave: '25', canry: 1, minHealthyTime: 10 }, hooks: { afterwave: ['x'] } });\n`,
    says: [
      'PD2105 3:16 definePlaybook(): unknown key "step", did you mean "steps"?',
      'PD2105 3:16 definePlaybook(): name: expected a-z, 0-9 and -, got "My Playbook"',
      'PD2105 3:16 definePlaybook(): service: "pdeploy" is the name of pdeploy\'s own directories',
      'PD2105 3:16 definePlaybook(): steps: expected a function, got undefined',
      'PD2105 3:16 definePlaybook(): strategy.wave: expected 1, "25%" or a list such as [1, 5, "20%"]',
      'PD2105 3:16 definePlaybook(): strategy.minHealthyTime: expected a duration such as "10s", "500ms" or "2m"',
      'PD2105 3:16 definePlaybook(): strategy: unknown key "canry", did you mean "canary"?',
      'PD2105 3:16 definePlaybook(): hooks: unknown key "afterwave", did you mean "afterWave"?',
    ],
  },
  {
    name: 'variables of wrong types',
    source: STEPS(
      '',
      "vars: z.object({ workers: z.number(), upstream: z.object({ host: z.string() }), mode: z.enum(['a', 'b']) }),",
    ),
    vars: { workers: 'two', upstream: {}, mode: 'c' },
    says: [
      'PD2106 - vars.workers of edge-01: expected number, got string',
      'PD2106 - vars.upstream.host of edge-01: is not set (string)',
      'PD2106 - vars.mode of edge-01: expected one of "a", "b", got "c"',
    ],
  },
  {
    name: 'steps that throw',
    source: STEPS('    user({ name: (instances as any)[5].name }),'),
    says: [
      "PD2107 5:5 DIR/p.ts: steps() failed: TypeError: Cannot read properties of undefined (reading 'name')",
    ],
  },
  {
    name: 'a port that the inventory does not give',
    source: STEPS("    file({ path: '/x', content: String(portOf(instances[0]!, 'prot')) }),"),
    says: ['PD2135 5:40 prot of edge-01@1 is not set'],
    hint: 'did you mean "port"?',
  },
  {
    name: 'a step that is none',
    source: STEPS("    { kind: 'file', path: '/etc/motd' } as any,"),
    says: ['PD2108 - steps() of wrong: entry 1 is not a step (an object)'],
  },
  {
    name: 'async steps',
    source: `${IMPORT}export default definePlaybook({ name: 'wrong', service: 'edge', steps: (async () => []) as any });\n`,
    says: ['PD2108 - steps() of wrong is async; it must return the list itself'],
  },
  {
    name: 'the same step twice',
    source: STEPS("    directory({ path: '/srv' }),\n    directory({ path: '/srv', mode: '0700' }),"),
    says: ['PD2109 - playbook wrong: two steps are called "directory:/srv"'],
  },
  {
    name: 'a clock in the steps',
    source: STEPS("    file({ path: '/etc/stamp', content: String(process.hrtime.bigint()) }),"),
    says: [
      expect.stringMatching(
        /^PD2110 - steps\(\) of wrong gave two different results for the same host: file:\/etc\/stamp desired.content: "\d+", then "\d+"$/,
      ) as string,
    ],
    hint: 'steps must not use the clock, random numbers, the environment or counters: give such values as variables',
  },
  {
    name: 'a service without a health check, and two units',
    source: STEPS(
      "    release({ binary: 'edge', from: './edge' }),\n    systemdUnit({ user: 'a', exec: ['/a'] }),\n    systemdUnit({ user: 'a', exec: ['/a'] }),",
    ),
    says: [
      'PD2111 - playbook wrong has no service() step',
      'PD2111 - playbook wrong has 2 systemdUnit() steps, a service has one',
    ],
  },
  {
    name: 'set C without its root',
    source: STEPS(SERVICE.replace("user: 'edge',", "user: 'edge', hardening: 'C',")),
    says: ['PD2112 - the unit runs in /opt/pdeploy/edge/root, which no step makes'],
    hint: "add directory({ path: '/opt/pdeploy/edge/root' })",
  },
  {
    name: 'log files without their directory',
    source: STEPS(SERVICE.replace("user: 'edge',", "user: 'edge', log: 'file',")),
    says: ['PD2112 - the unit writes to /var/log/edge, which no step makes'],
    hint: "add directory({ path: '/var/log/edge', group: 'edge', mode: '0750' })",
  },
  {
    name: 'a reload of a unit that has none',
    source: STEPS(SERVICE.replace('service({', 'service({ reload: true,')),
    says: ['PD2113 - service() says reload: true, and its unit cannot be reloaded'],
    hint: "give systemdUnit() an ExecReload, or Type: 'notify-reload' (systemd 253)",
  },
  {
    name: 'a handover of a unit that cannot',
    source: STEPS(
      SERVICE.replace('service({', "service({ activation: 'auto',").replace(
        "user: 'edge',",
        "user: 'edge', service: { Restart: 'always', WatchdogSec: '5s' },",
      ),
    ),
    says: [
      'PD2114 - systemd gives a successor no watchdog',
      'PD2114 - Restart=always would start the old process again',
    ],
    hint: 'take WatchdogSec out, or activation: restart',
  },
  {
    name: 'a reload and a handover',
    source: STEPS(SERVICE.replace('service({', "service({ reload: true, activation: 'handover',")),
    says: ['PD2130 7:5 service(): reload: true and a handover both need the ExecReload= of the unit'],
  },
  {
    name: 'wrong options of a factory',
    source: STEPS("    user({ name: 'edge' }),\n    directory({ path: 'srv', mod: '0700' } as any),"),
    says: [
      'PD2130 6:5 directory(): path: expected an absolute path, got "srv"',
      'PD2130 6:5 directory(): unknown key "mod", did you mean "mode"?',
    ],
  },
  {
    name: 'a command that says nothing about going back',
    source: STEPS("    command({ name: 'x', argv: ['/bin/true'], unless: ['/bin/false'] } as any),"),
    says: [
      "PD2130 5:5 command(): needs either revert: [...], the command that undoes it, or irreversible: 'why it cannot be undone'",
    ],
  },
  {
    name: 'a release from a URL without a digest',
    source: STEPS(SERVICE.replace("'./edge'", "'https://example.org/edge'")),
    says: [
      'PD2130 5:5 release(): from: a URL needs its digest: { url: "https://example.org/edge", sha256: "..." }',
    ],
  },
  {
    name: 'an unknown key in the unit',
    source: STEPS(SERVICE.replace("user: 'edge',", "user: 'edge', service: { LimitNOFILES: 5 } as any,")),
    says: ['PD2131 6:5 [Service] unknown key "LimitNOFILES", did you mean "LimitNOFILE"?'],
  },
  {
    name: 'a value that would break out of its line',
    source: STEPS(
      SERVICE.replace("user: 'edge',", "user: 'edge', description: 'x\\nExecStartPre=/bin/true',"),
    ),
    says: ['PD2132 6:5 [Unit] Description: it holds a line break, which systemd cannot read here'],
  },
  {
    name: 'a specifier in plain text',
    source: STEPS("    file({ path: '/x', content: paths.current + '/bin' }),"),
    says: [
      'PD2133 5:5 "/run/pdeploy/edge/%i/current" has a meaning in units only and cannot be put into a plain text',
    ],
  },
  {
    name: 'a template with an unknown name',
    source: STEPS("    file({ path: '/x', content: template('x.txt', { port: 80, host: 'a' }) }),"),
    files: { 'x.txt': 'listen {{ prot }}\n{{ host }}\n' },
    says: [
      'PD2134 5:5 template x.txt:1: no value for "prot", did you mean "port"?',
      'PD2134 5:5 template x.txt: the value "port" is used nowhere in it',
    ],
  },
  {
    name: 'a template that is not there',
    source: STEPS("    file({ path: '/x', content: template('x.txt') }),"),
    says: ['PD2134 5:5 file(): template x.txt: there is no such file'],
  },
  {
    name: 'a health check that can never pass',
    source: STEPS(SERVICE, "strategy: { minHealthyTime: '3m' },"),
    says: [
      'PD2105 2:16 definePlaybook(): strategy: healthyDeadline (2m00s) must be longer than minHealthyTime (3m00s)',
    ],
  },
];

test.each(WRONG)('$name', async ({ source, says, hint, vars = {}, files = {} }) => {
  const dir = tempProject({ 'p.ts': source, ...files });
  const error = await failure(`${dir}/p.ts`, vars);
  expect(
    error.problems.map(
      (p) =>
        `${p.code} ${p.at === undefined ? '-' : `${p.at.line}:${p.at.col}`} ${p.message.replaceAll(dir, 'DIR')}`,
    ),
  ).toEqual(says);
  if (hint !== undefined) expect(error.problems[0]?.hint).toBe(hint);
});

test('the place is shown with the line and a caret', async () => {
  const dir = tempProject({ 'p.ts': STEPS("    user({ name: 'edge' }),\n    directory({ path: 'srv' }),") });
  const { problems } = await failure(`${dir}/p.ts`, {});
  expect(problems[0]?.excerpt).toBe("    6 |     directory({ path: 'srv' }),\n      |     ^^^^^^^^^");
});

async function failure(path: string, vars: { readonly [name: string]: Json }): Promise<UsageError> {
  try {
    const { playbook } = await loadPlaybook(path);
    compileSteps(playbook, aHost({ vars }), 'edge', 'v1');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}
