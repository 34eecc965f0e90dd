import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { decodeFacts } from '../../../src/host/decode/facts.ts';
import { decodeInspection } from '../../../src/host/decode/inspection.ts';
import { inspectRequest } from '../../../src/host/verbs/inspect.ts';
import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { observeRequest } from '../../../src/host/verbs/observe.ts';
import { decodePrepare, prepareRequest } from '../../../src/host/verbs/prepare.ts';
import { decodeStatus, statusRequest } from '../../../src/host/verbs/status.ts';
import { undoRequest } from '../../../src/host/verbs/undo.ts';
import { sha256 } from '../../../src/util/digest.ts';
import { localAgent, SHELLS } from './local-agent.ts';

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('%s', (_name, argv) => {
  const agent = localAgent(argv);
  afterAll(() => agent.end());

  const lease = (service: string, deployment: string) =>
    decodeLeaseReply(
      agent.call(
        leaseRequest({
          opId: 'l-1',
          service,
          deployment,
          action: 'acquire',
          holder: 'h',
          ttlSeconds: 60,
          manual: false,
          reason: '',
        }),
      ),
    );

  test('observe tells the facts of this machine', () => {
    const before = Date.now();
    const reply = agent.call(observeRequest({ opId: 'o-1', service: 'svc', instances: [], queries: [] }));
    const facts = decodeFacts(reply.lines, 'here', (before + Date.now()) / 2);
    expect(facts).toMatchObject({ host: 'here', os: 'Test OS 1', policy: 'host' });
    expect(facts.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(facts.kernel).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
    expect(facts.cpus).toBeGreaterThan(0);
    expect(facts.diskFree).toBeGreaterThan(1e6);
    expect(facts.memoryAvailable).toBeGreaterThan(1e6);
    expect(facts.nofileMax).toBeGreaterThan(255);
    expect(Math.abs(facts.clockSkewMs)).toBeLessThan(5_000);
  });

  test('inspect tells who asks, bound unless root says that he is not', () => {
    const ask = (...args: string[]) => {
      agent.as(...args);
      const reply = agent.call(inspectRequest({ opId: 'i-1', service: 'svc', instances: ['1'] }));
      agent.as();
      return reply;
    };
    mkdirSync(join(agent.root, 'etc/pdeploy'), { recursive: true });
    writeFileSync(join(agent.root, 'etc/pdeploy/policy'), 'policy deploy\nservice other\n');
    writeFileSync(join(agent.root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
    mkdirSync(join(agent.root, 'usr/local/libexec'), { recursive: true });
    writeFileSync(join(agent.root, 'usr/local/libexec/pdeploy-agent'), '#!/bin/sh\nAGENT=x\nbody\n');
    const inspection = decodeInspection(ask().lines);
    expect(inspection).toMatchObject({
      bound: true,
      login: process.env.SUDO_USER ?? 'root',
      agent: { found: sha256('body\n') },
      policy: 'policy deploy\nservice other\n',
      instances: [],
    });
    expect(inspection.standing).toContainEqual({
      path: join(agent.root, 'etc/pdeploy/policy'),
      owner: userInfo().username,
      mode: '644',
      type: 'file',
    });
    expect(decodeInspection(ask('root').lines)).toMatchObject({ bound: false });
    for (const unknown of [['root', 'x'], ['rooot']])
      expect(ask(...unknown).lines).toEqual([expect.stringMatching(/^pdeploy-end - 1 failed /)]);
    rmSync(join(agent.root, 'etc/pdeploy'), { recursive: true });
  });

  test('leases', () => {
    expect(lease('other', 'a')).toEqual({ kind: 'granted', epoch: 1 });
    expect(lease('other', 'b')).toMatchObject({ kind: 'held', lease: { deployment: 'a', epoch: 1 } });
    expect(lease('other', 'a')).toEqual({ kind: 'granted', epoch: 2 });
  });

  test('a trial that nobody knows', () => {
    const reply = agent.call(statusRequest({ opId: 's-1', service: 'svc', instance: '1' }));
    expect(decodeStatus(reply.lines)).toEqual({ kind: 'none' });
  });

  test.runIf(isRoot)('a release is staged, once; what prepare changed on the host is undone', () => {
    expect(lease('svc', 'a')).toEqual({ kind: 'granted', epoch: 1 });
    const unit =
      '[Service]\nExecStart=/run/pdeploy/svc/%i/current/bin/app\n[Install]\nWantedBy=multi-user.target\n';
    const manifest = `${sha256('app')} 0755 bin/app\n${sha256(unit)} 0644 unit\n`;
    const hostRelease = {
      service: 'svc',
      digest: sha256(manifest),
      manifest,
      files: [
        { path: 'bin/app', sha256: sha256('app'), size: 3, mode: '0755' },
        { path: 'unit', sha256: sha256(unit), size: unit.length, mode: '0644' },
      ],
    };
    const content = (text: string, path: string, mode: number) => ({
      path,
      mode,
      content: Buffer.from(text),
    });
    const input = {
      opId: 'p-1',
      service: 'svc',
      epoch: 1,
      deployment: 'a',
      release: { id: hostRelease.digest, label: 'v1', createdAt: 'now', metadata: { by: 'é"' } },
      hostRelease,
      instances: ['1', '2'],
      ops: [
        { kind: 'file', path: '/etc/svc.conf', owner: 'root', group: 'root', mode: '0600', content: 'new\n' },
      ],
      content: 'absent',
    } as const;
    mkdirSync(join(agent.root, 'etc'), { recursive: true });
    writeFileSync(join(agent.root, 'etc/svc.conf'), 'old\n');
    const request = prepareRequest(input);
    const own = request.payload !== 'none' && 'entries' in request.payload ? request.payload.entries : [];
    const entries = [
      content(manifest, 'release/manifest', 0o644),
      content('app', 'release/bin/app', 0o755),
      content(unit, 'release/unit', 0o644),
      ...own,
    ];
    expect(agent.call(request)).toMatchObject({ kind: 'error', code: 'not-found' });
    const reply = agent.call({ ...request, payload: { entries } });
    expect(reply.kind).toBe('ok');
    expect(decodePrepare(reply.lines).stage).toBe('stored');
    expect(agent.read('etc/svc.conf')).toBe('new\n');
    expect(agent.read('etc/systemd/system/svc@2.service')).toBe(unit);
    expect(agent.read('etc/tmpfiles.d/pdeploy-svc.conf')).toContain(
      'L+! /run/pdeploy/svc/2/current - - - - /opt/pdeploy/svc/2/current',
    );
    expect(agent.read(`opt/pdeploy/svc/releases/${hostRelease.digest}/env`)).toBe(
      `PDEPLOY_RELEASE=${hostRelease.digest}\nPDEPLOY_LABEL="v1"\n`,
    );
    const again = agent.call(request);
    expect(decodePrepare(again.lines)).toEqual({ stage: 'present', changes: [], notes: [] });
    expect(agent.call(undoRequest({ opId: 'u-1', service: 'svc', epoch: 1, deployment: 'a' })).kind).toBe(
      'ok',
    );
    expect(agent.read('etc/svc.conf')).toBe('old\n');
    expect(existsSync(join(agent.root, 'etc/systemd/system/svc@2.service'))).toBe(false);
  });
});
