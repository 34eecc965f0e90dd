import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/model/facts.ts';
import type { ResourceStep } from '../../../src/model/resource.ts';
import { absent } from '../../../src/resource/kinds/absent.ts';
import { type CommandOptions, command } from '../../../src/resource/kinds/command.ts';
import { directory } from '../../../src/resource/kinds/directory.ts';
import { file } from '../../../src/resource/kinds/file.ts';
import { sysctl } from '../../../src/resource/kinds/sysctl.ts';
import { user } from '../../../src/resource/kinds/user.ts';
import { sha256 } from '../../../src/util/digest.ts';
import { Secret } from '../../../src/util/secret.ts';
import { finish } from '../finish.ts';

const NOTHING: Answer = { kind: 'absent' };

function found(
  type: 'file' | 'directory' | 'link',
  over: Partial<Extract<Answer, { kind: 'path' }>> = {},
): Answer {
  const text = over.text ?? '';
  return {
    kind: 'path',
    type,
    mode: '755',
    owner: 'root',
    group: 'root',
    size: text.length,
    sha256: sha256(text),
    ...over,
  };
}

type Case = {
  readonly name: string;
  readonly step: ResourceStep;
  readonly answers: readonly Answer[];
  readonly changes: unknown;
  readonly ops: unknown;
};

const motd = finish(file({ path: '/etc/motd', content: 'hello\n' }));
const secret = finish(
  file({ path: '/etc/edge/key', owner: 'edge', content: new Secret('edge.key', 'hunter2') }),
);
const swap = { argv: ['swapoff', '-a'], unless: ['test', '-z', 'x'], revert: ['swapon', '-a'] } as const;
const port = sysctl({ 'net.ipv4.ip_unprivileged_port_start': 80 });
const PORT_FILE = '# Written by pdeploy.\nnet.ipv4.ip_unprivileged_port_start = 80\n';

const CASES: readonly Case[] = [
  {
    name: 'a user that is missing is made',
    step: user({ name: 'edge' }),
    answers: [NOTHING],
    changes: [{ field: 'state', from: 'absent', to: 'system user, shell /usr/sbin/nologin' }],
    ops: [{ kind: 'user', name: 'edge', home: '/nonexistent', shell: '/usr/sbin/nologin', comment: '' }],
  },
  {
    name: 'a user that exists is left alone, whatever its shell',
    step: user({ name: 'edge' }),
    answers: [{ kind: 'user', uid: 1000, home: '/home/edge', shell: '/bin/bash' }],
    changes: [],
    ops: [],
  },
  {
    name: 'a directory that is missing',
    step: directory({ path: '/var/log/edge', group: 'edge', mode: '750' }),
    answers: [NOTHING],
    changes: [{ field: 'state', from: 'absent', to: 'directory 0750 root:edge' }],
    ops: [{ kind: 'directory', path: '/var/log/edge', owner: 'root', group: 'edge', mode: '0750' }],
  },
  {
    name: 'a directory as desired',
    step: directory({ path: '/srv' }),
    answers: [found('directory')],
    changes: [],
    ops: [],
  },
  {
    name: 'a directory with another owner, group and mode',
    step: directory({ path: '/srv', owner: 'edge', mode: '2775' }),
    answers: [found('directory')],
    changes: [
      { field: 'owner', from: 'root', to: 'edge' },
      { field: 'group', from: 'root', to: 'edge' },
      { field: 'mode', from: '0755', to: '2775' },
    ],
    ops: [{ kind: 'directory', path: '/srv', owner: 'edge', group: 'edge', mode: '2775' }],
  },
  {
    name: 'a file that is missing',
    step: motd,
    answers: [NOTHING],
    changes: [
      { field: 'state', from: 'absent', to: 'file 0644 root:root' },
      { field: 'content', from: '', to: 'hello\n' },
    ],
    ops: [
      { kind: 'file', path: '/etc/motd', owner: 'root', group: 'root', mode: '0644', content: 'hello\n' },
    ],
  },
  {
    name: 'a file as desired',
    step: motd,
    answers: [found('file', { mode: '644', text: 'hello\n' })],
    changes: [],
    ops: [],
  },
  {
    name: 'a file with other text',
    step: motd,
    answers: [found('file', { mode: '644', text: 'bye\n' })],
    changes: [{ field: 'content', from: 'bye\n', to: 'hello\n' }],
    ops: [expect.objectContaining({ kind: 'file', content: 'hello\n' })],
  },
  {
    name: 'a large file whose text was not sent',
    step: motd,
    answers: [{ ...found('file', { mode: '644' }), sha256: 'abcdef0123' } as Answer],
    changes: [{ field: 'content', from: 'sha256 abcdef0', to: 'hello\n' }],
    ops: [expect.objectContaining({ kind: 'file' })],
  },
  {
    name: 'a file with another mode only',
    step: motd,
    answers: [found('file', { mode: '600', text: 'hello\n' })],
    changes: [{ field: 'mode', from: '0600', to: '0644' }],
    ops: [expect.objectContaining({ mode: '0644' })],
  },
  {
    name: 'a secret file shows fingerprints only',
    step: secret,
    answers: [found('file', { mode: '600', owner: 'edge', group: 'edge', sha256: sha256('old') })],
    changes: [
      {
        field: 'content',
        from: expect.stringMatching(/^[0-9a-f]{4}$/),
        to: expect.stringMatching(/^[0-9a-f]{4}$/),
        secret: true,
      },
    ],
    ops: [expect.objectContaining({ mode: '0600', content: expect.any(Secret) })],
  },
  {
    name: 'a secret file as desired',
    step: secret,
    answers: [found('file', { mode: '600', owner: 'edge', group: 'edge', sha256: sha256('hunter2') })],
    changes: [],
    ops: [],
  },
  {
    name: 'a file that should not be there',
    step: absent({ path: '/etc/old.conf' }),
    answers: [found('file')],
    changes: [{ field: 'state', from: 'file', to: 'absent' }],
    ops: [{ kind: 'remove', path: '/etc/old.conf' }],
  },
  {
    name: 'a file that is not there already',
    step: absent({ path: '/etc/old.conf' }),
    answers: [NOTHING],
    changes: [],
    ops: [],
  },
  {
    name: 'a command that is to run',
    step: command({ name: 'swap-off', ...swap }),
    answers: [{ kind: 'exit', code: 1 }],
    changes: [{ field: 'run', from: '', to: 'swapoff -a' }],
    ops: [{ kind: 'command', argv: ['swapoff', '-a'], revert: ['swapon', '-a'] }],
  },
  {
    name: 'a command with nothing to do',
    step: command({ name: 'swap-off', ...swap }),
    answers: [{ kind: 'exit', code: 0 }],
    changes: [],
    ops: [],
  },
  {
    name: 'a kernel setting, now and for the next boot, with the old value to go back to',
    step: port,
    answers: [NOTHING, found('file', { text: '1024\n' })],
    changes: [
      { field: 'file', from: '', to: PORT_FILE },
      { field: 'net.ipv4.ip_unprivileged_port_start', from: '1024', to: '80' },
    ],
    ops: [
      {
        kind: 'file',
        path: '/etc/sysctl.d/90-pdeploy-net.ipv4.ip_unprivileged_port_start.conf',
        owner: 'root',
        group: 'root',
        mode: '0644',
        content: PORT_FILE,
      },
      {
        kind: 'command',
        argv: ['sysctl', '-q', '-w', 'net.ipv4.ip_unprivileged_port_start=80'],
        revert: ['sysctl', '-q', '-w', 'net.ipv4.ip_unprivileged_port_start=1024'],
      },
    ],
  },
  {
    name: 'a kernel setting that only the running kernel lacks',
    step: port,
    answers: [found('file', { text: PORT_FILE }), found('file', { text: '1024\n' })],
    changes: [{ field: 'net.ipv4.ip_unprivileged_port_start', from: '1024', to: '80' }],
    ops: [expect.objectContaining({ kind: 'command' })],
  },
  {
    name: 'a kernel setting as desired, with the tabs of the kernel',
    step: sysctl({ 'net.ipv4.ip_local_port_range': '1024 65535' }),
    answers: [
      found('file', { text: '# Written by pdeploy.\nnet.ipv4.ip_local_port_range = 1024 65535\n' }),
      found('file', { text: '1024\t65535\n' }),
    ],
    changes: [],
    ops: [],
  },
];

describe('answers give changes and ops', () => {
  test.each(CASES)('$name', ({ step, answers, changes, ops }) => {
    expect(step.resource.diff(step.desired, answers)).toEqual(changes);
    expect(step.resource.ops(step.desired, answers)).toEqual(ops);
  });
});

test.each([
  [directory({ path: '/srv' }), found('file'), '/srv is a file on the host, the playbook wants a directory'],
  [motd, found('link'), '/etc/motd is a symbolic link on the host, the playbook wants a file'],
  [
    absent({ path: '/srv' }),
    found('directory'),
    '/srv is a directory on the host, the playbook wants a file',
  ],
])('what is in the way is not removed: %#', (step, answer, message) => {
  expect(() => step.resource.diff(step.desired, [answer])).toThrow(
    expect.objectContaining({ code: 'PD3041', message }),
  );
});

test('no secret is in the changes', () => {
  for (const text of ['old', 'hunter2'])
    expect(JSON.stringify(secret.resource.diff(secret.desired, [found('file', { text })]))).not.toMatch(
      /hunter2|old/,
    );
});

test('the text of a secret file is not asked for', () => {
  expect(secret.resource.queries(secret.desired, secret.id)).toEqual([
    { kind: 'path', id: secret.id, path: '/etc/edge/key', text: false },
  ]);
});

test.each<[() => unknown, string]>([
  [
    () => command({ name: 'x', argv: ['a'], unless: ['b'] } as unknown as CommandOptions),
    "command(): needs either revert: [...], the command that undoes it, or irreversible: 'why it cannot be undone'",
  ],
  [
    () => command({ name: 'x', argv: 'rm -rf' as never, unless: ['b'], irreversible: 'it is gone' }),
    'command(): argv: expected list, got string',
  ],
  [
    () => directory({ path: '/srv/../etc' }),
    'directory(): path: "/srv/../etc" must not hold ".", ".." or "//"',
  ],
  [
    () => directory({ path: '/srv', mode: '999' }),
    'directory(): mode: expected three or four octal digits such as "0640"',
  ],
  [() => file({ path: '/x', content: 5 as never }), 'file(): content: expected text, a secret or template()'],
  [
    () => file({ path: '/x', contents: 'y' } as never),
    'file(): content: is not set (text, a secret or template())\nfile(): unknown key "contents", did you mean "content"?',
  ],
  [
    () => user({ name: 'Edge' }),
    'user(): name: expected a user name such as "edge": a-z, 0-9, _ and -, at most 31',
  ],
  [() => sysctl({}), 'sysctl(): names no setting'],
  [
    () => sysctl({ 'net.core; reboot': 1 }),
    'sysctl(): "net.core; reboot" is not a setting such as "net.core.somaxconn"',
  ],
])('wrong options: %#', (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: 'PD2130', message }));
});
