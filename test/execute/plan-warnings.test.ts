import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { draftHosts } from '../../src/execute/draft.ts';
import { planWarnings } from '../../src/execute/plan-warnings.ts';
import { pingoraService } from '../../src/pingora/service.ts';
import type { PingoraServiceOptions } from '../../src/pingora/service-options.ts';
import { definePlaybook } from '../../src/playbook/define.ts';
import { portOf } from '../../src/resource/port-of.ts';
import { http } from '../../src/resource/probes.ts';
import { OLD, observation, running } from '../plan/build.ts';
import { aHost } from '../resource/sample.ts';

const project = mkdtempSync(join(tmpdir(), 'pdeploy-lint-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));
writeFileSync(join(project, 'edge'), 'a binary');

function drafts(over: Partial<PingoraServiceOptions>) {
  vi.stubEnv('XDG_CACHE_HOME', join(project, 'cache'));
  const playbook = definePlaybook({
    name: 'p',
    service: 'edge',
    steps: () =>
      pingoraService({
        binary: 'edge',
        from: './edge',
        user: 'edge',
        listen: (i) => [`0.0.0.0:${portOf(i, 'port')}`],
        health: (i) => ({ probes: [http({ port: portOf(i, 'port'), path: '/readyz' })] }),
        ...over,
      }),
  });
  const hosts = ['edge-01', 'edge-02', 'edge-03'].map((name) => aHost({ name }));
  return draftHosts({ playbook, service: 'edge', label: 'v1', project }, hosts);
}

test('a finding that is an error refuses the plan, with its place', async () => {
  await expect(drafts({ service: { Restart: 'always' } })).rejects.toMatchObject({
    exitCode: 2,
    problems: [{ code: 'PD2615', at: { file: 'edge-01:unit' }, hint: 'write Restart=on-failure' }],
  });
});

test('a warning of all hosts is told once', async () => {
  expect(planWarnings(await drafts({ version: '0.8.0' }))).toEqual([
    {
      code: 'PD2616',
      text: 'edge-01:config/1.yaml:1:1 and 2 more: Pingora 0.8.0 sets HTTP/2 clients no bounds: one of them can use up the memory; build the service with Pingora 0.8.1 or later',
    },
  ]);
  expect(planWarnings(await drafts({}))).toEqual([]);
});

test('a host without room for a second process is told, once it was looked at and one runs there', async () => {
  const made = await drafts({ activation: 'handover', service: { MemoryMax: '2G' } });
  const seen = (mainPid: number, memoryAvailable: number) =>
    new Map([['edge-02', observation([running(OLD, { mainPid })], { facts: { memoryAvailable } })]]);
  expect(planWarnings(made)).toEqual([]);
  expect(planWarnings(made, seen(4121, 2 ** 31))).toEqual([]);
  expect(planWarnings(made, seen(0, 2 ** 30))).toEqual([]);
  expect(planWarnings(made, seen(4121, 2 ** 30))).toEqual([
    {
      code: 'PD2617',
      text: expect.stringMatching(
        /^edge-02:unit:\d+:\d+: a handover needs memory for a second process, up to 2G, and the host has 1024M left/,
      ),
    },
  ]);
});
