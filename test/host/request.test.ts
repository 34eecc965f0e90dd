import { describe, expect, test } from 'vitest';

import { RefusedError } from '../../src/errors.ts';
import { agentScript } from '../../src/host/assemble.ts';
import { token, untoken } from '../../src/host/request.ts';
import { activateRequest } from '../../src/host/verbs/activate.ts';
import { observeRequest } from '../../src/host/verbs/observe.ts';
import { hostEntries, prepareRequest } from '../../src/host/verbs/prepare.ts';
import { sha256 } from '../../src/util/digest.ts';
import { Secret } from '../../src/util/secret.ts';

const release = { id: 'r'.repeat(64), label: 'v1', createdAt: '', metadata: {} };
const hostRelease = { service: 'svc', digest: 'd'.repeat(64), manifest: '', files: [] };
const prepare = {
  opId: 'op-1',
  service: 'svc',
  epoch: 3,
  deployment: 'd1',
  release,
  hostRelease,
  instances: ['1'],
  content: 'absent',
} as const;

test('a header names the version of the agent, the operation and the verb first', () => {
  const request = observeRequest({ opId: 'op-1', service: 'svc', instances: ['a', 'b'], queries: [] });
  expect(request.header).toBe(
    `pdeploy 1 ${agentScript().sha256}\nop op-1\nverb observe\nservice svc\ninstance a\ninstance b\npayload none\nend\n`,
  );
});

test('an activation', () => {
  const { header } = activateRequest({
    opId: 't-1',
    service: 'svc',
    instance: '1',
    epoch: 3,
    deployment: 'd1',
    from: '',
    to: 'e'.repeat(64),
    binary: 'app',
    guardSeconds: 90.2,
    stopTimeoutMs: 4_100,
    streamSeconds: 60,
    health: {
      probes: [
        { kind: 'systemd' },
        {
          kind: 'http',
          port: 80,
          path: '/readyz',
          tls: false,
          expect: {},
          timeoutMs: 900,
          from: ['host', 'outside'],
        },
        {
          kind: 'http',
          port: 80,
          path: '/',
          tls: true,
          hostHeader: 'a.example',
          expect: {},
          timeoutMs: 900,
          from: ['outside'],
        },
        { kind: 'tcp', port: 81, timeoutMs: 800, from: ['host'] },
        { kind: 'exec', argv: ['/bin/check', 'a b'], timeoutMs: 700 },
      ],
      listens: [80, 81],
      intervalMs: 1_000,
      minHealthyMs: 1,
      healthyDeadlineMs: 1,
    },
    ops: [],
  });
  expect(header.split('\n').slice(3, -1)).toEqual([
    'service svc',
    'instance 1',
    'epoch 3',
    'deployment d1',
    'from -',
    `to ${'e'.repeat(64)}`,
    'binary app',
    'reload 0',
    'guard 91',
    'stop 5',
    'stream 60',
    'probe 1 http 80 /readyz - 900',
    'probe 3 tcp 81 800',
    `probe 4 exec 700 ${token('/bin/check')} ${token('a b')}`,
    'listen 80',
    'listen 81',
    'interval 1000',
    'payload none',
    'end',
  ]);
});

describe('secrets', () => {
  const secret = new Secret('password', 'sesame');
  const ops = [
    { kind: 'file', path: '/etc/x', owner: 'root', group: 'root', mode: '0600', content: secret },
  ] as const;

  test('travel in the payload and never in the header', () => {
    const request = prepareRequest({ ...prepare, ops });
    expect(request.header).toContain('do 1 file /etc/x root root 0600');
    expect(request.header).not.toContain('sesame');
    expect(JSON.stringify(request.header)).not.toContain(token('sesame'));
    const op = hostEntries({ release, ops }).find((entry) => entry.path === 'op/1');
    expect(op !== undefined && 'content' in op ? Buffer.from(op.content).toString() : '').toBe('sesame');
  });
});

test.each(['a b', 'a\nverb undo', 'a\tb', 'é', '', '\u0000'])(
  '%j is refused as a path, with a code',
  (path) => {
    const ops = [{ kind: 'remove', path }] as const;
    expect(() => prepareRequest({ ...prepare, ops })).toThrow(RefusedError);
    expect(() => prepareRequest({ ...prepare, ops })).toThrow(expect.objectContaining({ code: 'PD3301' }));
  },
);

test.each(['', 'A', 'a b', '-a', 'a'.repeat(65), '../x'])('%j is no operation id', (opId) => {
  expect(() => prepareRequest({ ...prepare, ops: [], opId })).toThrow('is not an operation id');
});

test.each(['', 'x', '\n', 'é"$`\\', ' '])('token of %j', (text) => {
  expect(token(text)).toMatch(/^[A-Za-z0-9+/=-]+$/);
  expect(untoken(token(text))).toBe(text);
});

test('the environment file quotes a label as systemd reads it', () => {
  const entries = hostEntries({ release: { ...release, label: 'a"b$c\\d`\né' }, ops: [] });
  const env = entries.find((entry) => entry.path === 'env');
  const text = env !== undefined && 'content' in env ? Buffer.from(env.content).toString() : '';
  expect(text).toBe(`PDEPLOY_RELEASE=${release.id}\nPDEPLOY_LABEL="a\\"b\\$c\\\\d\\\`??"\n`);
});

test('the digest of the script is that of its body', () => {
  const { text, sha256: digest } = agentScript();
  const [shebang, line, ...body] = text.split('\n');
  expect([shebang, line]).toEqual(['#!/bin/sh', `AGENT=${digest}`]);
  expect(sha256(body.join('\n'))).toBe(digest);
  expect(text).not.toMatch(/^\s*#(?!!)/m);
  // Every call parses it: 2 ms with the start of dash.
  expect(text.length).toBeLessThan(92 * 1024);
});
