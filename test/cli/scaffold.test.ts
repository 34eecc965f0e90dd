import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { scaffold } from '../../src/cli/scaffold/scaffold.ts';
import { loadInventory } from '../../src/config/load.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { findPlaybook } from '../../src/playbook/find.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const SERVICE = 'web-front';
let dir: string;

beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'pdeploy-scaffold-')));
  for (const { path, content } of scaffold({ service: SERVICE })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(CHECKOUT, join(dir, 'node_modules/pdeploy'));
  symlinkSync(join(CHECKOUT, 'node_modules/@types'), join(dir, 'node_modules/@types'));
});

afterAll(() => rmSync(dir, { recursive: true }));

describe('a new project', () => {
  test('type-checks, and a mistake in it is found', () => {
    expect(tsc()).toEqual({ status: 0, stdout: '' });
    const wrong = "import { user } from 'pdeploy';\nuser({ nme: 'x' });\n";
    writeFileSync(join(dir, 'playbooks/wrong.ts'), wrong);
    const { status, stdout } = tsc();
    rmSync(join(dir, 'playbooks/wrong.ts'));
    expect(status).not.toBe(0);
    expect(stdout).toContain('playbooks/wrong.ts(2,8): error TS2561');
  }, 120_000);

  test('has an inventory and a playbook that fit together', async () => {
    const loaded = await loadInventory(join(dir, 'inventories/staging.yaml'), { now: new Date(0) });
    if (!loaded.ok) throw new Error(loaded.problems.map((p) => p.message).join('\n'));
    expect(loaded.warnings).toEqual([]);
    const { playbook } = await loadPlaybook(findPlaybook('rollout', join(dir, 'inventories')));
    const steps = [...loaded.inventory.hosts.values()].map(
      (host) => compileSteps(playbook, host, SERVICE, 'v1').steps,
    );
    expect(steps).toHaveLength(2);
    expect(steps[0]?.map((step) => step.id)).toEqual([`user:${SERVICE}`, 'release', 'unit', 'service']);
    expect(steps[0]?.[1]).toMatchObject({
      artifact: { kind: 'path', path: `./build/${SERVICE}` },
      files: [
        { path: 'config/1.yaml', content: expect.stringContaining('listen: "0.0.0.0:8080"\nworkers: 2\n') },
      ],
    });
  });

  test('has a workflow that is YAML', () => {
    const workflow = scaffold({ service: SERVICE }).find((file) => file.path.startsWith('.github/'));
    expect(parse(workflow?.content ?? '')).toMatchObject({ jobs: { check: {}, plan: { needs: 'check' } } });
  });

  test('works for the longest name of a service', async () => {
    const service = 'a'.repeat(32);
    const content = scaffold({ service }).find((file) => file.path === 'playbooks/rollout.ts')?.content ?? '';
    writeFileSync(join(dir, 'playbooks/long.ts'), content);
    expect((await loadPlaybook(join(dir, 'playbooks/long.ts'))).playbook.service).toBe(service);
    rmSync(join(dir, 'playbooks/long.ts'));
  });
});

function tsc(): { readonly status: number | null; readonly stdout: string } {
  const { status, stdout } = spawnSync(join(CHECKOUT, 'node_modules/.bin/tsc'), ['--noEmit', '-p', dir], {
    encoding: 'utf8',
    cwd: dir,
  });
  return { status, stdout };
}
