import { expect, test } from 'vitest';
import {
  changesWithoutSecrets,
  eventWithoutSecrets,
  planWithoutSecrets,
} from '../../src/execute/without-secrets.ts';
import type { EventBody } from '../../src/model/event.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { Secret } from '../../src/util/secret.ts';
import { onOld, planInput } from '../plan/build.ts';

// Somebody's password is the name of a host.
new Secret('unlucky', 'edge-01');

test('a secret that is called like a host takes no deployment apart', () => {
  const event: EventBody = {
    type: 'instance.failed',
    instance: 'edge-01@1',
    failure: { code: 'PD4001', message: 'edge-01 says no' },
    evidence: {
      unitState: 'failed/failed',
      result: 'exit-code',
      pid: 0,
      restarts: 0,
      listens: [],
      release: 'a'.repeat(64),
      logs: ['key edge-01', Buffer.from('edge-01').toString('hex')],
    },
    unreachable: false,
    restored: false,
  };
  expect(eventWithoutSecrets(event)).toEqual({
    ...event,
    failure: { code: 'PD4001', message: '<secret unlucky> says no' },
    evidence: { ...event.evidence, logs: ['key <secret unlucky>', '<secret unlucky>'] },
  });
});

test('the values of a change are texts, and its plan has them as they were', () => {
  const change = {
    step: 'file:/etc/x',
    action: 'change',
    changes: [{ field: 'content', from: 'edge-01', to: 'b' }],
    diff: '-edge-01\n+b\n',
  } as const;
  const [shown] = changesWithoutSecrets([change]);
  expect(shown).toEqual({
    ...change,
    changes: [{ field: 'content', from: '<secret unlucky>', to: 'b' }],
    diff: '-<secret unlucky>\n+b\n',
  });
  const made = assemble(planInput([onOld('edge-01'), onOld('edge-02')]));
  expect(planWithoutSecrets(made)).toEqual(made);
});
