import { expect, test } from 'vitest';
import type { Answer } from '../../src/model/facts.ts';
import { deployLogin } from '../../src/resource/deploy-login.ts';

const GRANT = {
  login: 'pdeploy',
  keys: [{ type: 'ssh-ed25519', base64: 'AAAA', comment: 'ci', fingerprint: 'SHA256:x' }],
  from: [],
  policy: 'deploy',
  services: ['edge'],
  balancers: [],
  kept: [],
} as const;

const opsOf = (answers: readonly Answer[]) =>
  deployLogin(GRANT).flatMap((step) => step.resource.ops(step.desired, answers));

test('the key comes last: what bounds the login is there before anybody can log in', () => {
  const paths = opsOf([{ kind: 'absent' }]).map((op) => ('path' in op ? op.path : op.kind));
  expect(paths.at(-1)).toBe('/home/pdeploy/.ssh/authorized_keys');
  expect(paths.indexOf('/etc/pdeploy/policy')).toBeLessThan(paths.indexOf('/etc/sudoers.d/pdeploy'));
});

test('sudoers are checked before they are in their place', () => {
  const ops = opsOf([{ kind: 'absent' }]);
  const placed = ops.findIndex((op) => op.kind === 'file' && op.path === '/etc/sudoers.d/pdeploy');
  const draft = ops.findIndex((op) => op.kind === 'file' && op.path === '/etc/pdeploy/sudoers.new');
  expect(ops[placed - 1]).toEqual({
    kind: 'command',
    argv: ['visudo', '-c', '-q', '-f', '/etc/pdeploy/sudoers.new'],
  });
  expect(draft).toBe(placed - 2);
  expect(ops[placed + 1]).toEqual({ kind: 'remove', path: '/etc/pdeploy/sudoers.new' });
});

test('nothing that the login could change belongs to it', () => {
  for (const op of opsOf([{ kind: 'absent' }]))
    if (op.kind === 'file' || op.kind === 'directory')
      expect(op).toMatchObject({
        owner: 'root',
        group: 'root',
        mode: expect.stringMatching(/^0[4-7][45][045]$/),
      });
});
