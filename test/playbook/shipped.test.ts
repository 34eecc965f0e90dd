import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ReleaseStep, ServiceStep, Step, UnitStep } from '../../src/model/playbook.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { findPlaybook } from '../../src/playbook/find.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { aHost } from '../resource/sample.ts';
import { hasSystemd, verifyUnits } from '../resource/systemd-analyze.ts';
import { tempProject } from './temp-project.ts';

const TWO = {
  '1': { port: 6188, admin_port: 6190, metrics_port: 6192 },
  '2': { port: 6189, admin_port: 6191, metrics_port: 6193 },
};

async function steps(
  name: string,
  vars: { readonly [name: string]: string | number | object },
): Promise<readonly Step[]> {
  const { playbook } = await loadPlaybook(findPlaybook(name, tempProject({})));
  return compileSteps(
    playbook,
    aHost({ vars: { binary: './edge', ...vars } as never, instances: TWO }),
    'edge',
    'v1',
  ).steps;
}

const only = <T extends Step['type']>(all: readonly Step[], type: T) =>
  all.find((s) => s.type === type) as Extract<Step, { type: T }>;

describe('the rollout playbook', () => {
  test('refuses a TLS profile that its service cannot do', async () => {
    const tls = { servers: ['shop.test'], cert: 'a.pem', key: 'a.key', profile: 'modern' };
    await expect(steps('rollout', { tls })).rejects.toThrow('modern is not to be had with rustls');
  });

  test('serves the Pingora reference service', async () => {
    const all = await steps('rollout', {
      workers: 3,
      fault: { never_ready: true },
      upstream: 'backend:9000',
    });
    expect(all.map((s) => s.id)).toEqual(['user:edge', 'release', 'unit', 'service']);
    const release: ReleaseStep = only(all, 'release');
    expect(release).toMatchObject({
      artifact: { kind: 'path', path: './edge' },
      test: ['{dir}/bin/edge', '-t', '-c', '{dir}/config/1.yaml'],
    });
    expect(release.files.map((f) => f.path)).toEqual(['config/1.yaml', 'config/2.yaml']);
    expect(parse(String(release.files[1]?.content))).toMatchObject({
      threads: 3,
      app: {
        listen: { http: '0.0.0.0:6189' },
        admin: { addr: '127.0.0.1:6191' },
        metrics: { addr: '127.0.0.1:6193' },
        upstream: 'backend:9000',
        fault: { never_ready: true },
      },
    });
    const service: ServiceStep = only(all, 'service');
    expect(service.health.get('2')).toMatchObject({
      probes: [{ kind: 'http', port: 6191, path: '/readyz', expect: { release: 'x-release' } }],
      listens: [6191, 6189, 6193],
    });
  });

  test('has one fault for caddy, and refuses the others', async () => {
    const config = async (fault: object): Promise<string> =>
      String(only(await steps('rollout', { flavour: 'caddy', fault }), 'release').files[0]?.content);
    expect(await config({})).not.toContain('503');
    expect(await config({ never_ready: true })).toContain('"status_code": 503');
    await expect(config({ crash_on: '/x' })).rejects.toThrow('fault.crash_on: of the faults');
  });

  test('serves caddy', async () => {
    const all = await steps('rollout', { flavour: 'caddy', drain_seconds: 5 });
    expect(only(all, 'release').test).toEqual([
      '{dir}/bin/caddy',
      'validate',
      '--config',
      '{dir}/config/1.json',
    ]);
    expect(only(all, 'service').stopTimeoutMs).toBe(21_000);
    expect(only(all, 'unit').text).toContain('TimeoutStopSec=21s\n');
    expect(only(all, 'unit').text).toContain('Environment=XDG_DATA_HOME=/var/lib/%p/%i\n');
  });

  test('with log files brings their directory and their rotation', async () => {
    const all = await steps('rollout', { log: 'file', user: 'www' });
    expect(all.map((s) => s.id)).toEqual([
      'user:www',
      'directory:/var/log/edge',
      'release',
      'unit',
      'logrotate',
      'service',
    ]);
    expect(only(all, 'logrotate').text).toContain('su root www\n');
  });

  test.skipIf(!hasSystemd)('gives units that systemd accepts', async () => {
    const units = await Promise.all(
      [{}, { flavour: 'caddy', log: 'file' }, { hardening: 'B' }, { hardening: 'none' }].map((vars) =>
        steps('rollout', vars),
      ),
    );
    expect(verifyUnits(units.map((all): UnitStep['text'] => only(all, 'unit').text))).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  test('does not change the release when only the label does', async () => {
    const { playbook } = await loadPlaybook(findPlaybook('rollout', tempProject({})));
    const host = aHost({ vars: { binary: './edge' } });
    const of = (label: string) => only(compileSteps(playbook, host, 'edge', label).steps, 'release');
    expect(of('v2')).toEqual(of('v1'));
  });
});

test('the rollback playbook has the same steps, and neither canary nor pauses', async () => {
  const { playbook } = await loadPlaybook(findPlaybook('rollback', tempProject({})));
  expect(playbook).toMatchObject({
    name: 'rollback',
    strategy: { canary: 0, promote: 'auto', pauseBetweenWavesMs: 0, minHealthyMs: 10_000 },
  });
  expect((await steps('rollback', {})).map((s) => s.id)).toEqual(
    (await steps('rollout', {})).map((s) => s.id),
  );
});
