import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as api from '../../src/index.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { findPlaybook, playbookNames } from '../../src/playbook/find.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { sha256 } from '../../src/util/digest.ts';
import { aHost } from '../resource/sample.ts';
import { tempProject } from './temp-project.ts';

const EMPTY = (name: string): string =>
  `import { definePlaybook } from 'pdeploy';\nexport default definePlaybook({ name: '${name}', service: 'edge', steps: () => [] });\n`;

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', tempProject({}));
});

describe('loading', () => {
  test('gives a playbook this very installation, wherever it lies, through what it imports too', async () => {
    const dir = tempProject({
      'deep/p.ts': `import { Secret, definePlaybook, file } from 'pdeploy';
import { content, enumerated } from './more/helper.ts';
export default definePlaybook({ name: 'p', service: 'edge', steps: () => [
  file({ path: '/a', content }),
  file({ path: '/b', content: new Secret('b', enumerated) }),
] });\n`,
      'deep/more/helper.ts': `import { Secret } from 'pdeploy';
enum Colour { red = 'rather red' }
export const enumerated: string = Colour.red satisfies string;
export const content = new Secret('a', 'hunter2');\n`,
    });
    const { playbook } = await loadPlaybook(join(dir, 'deep/p.ts'));
    const { steps, deploys } = compileSteps(playbook, aHost(), 'edge', 'v1');
    expect(deploys).toBe(false);
    expect(
      steps.map((step) => step.type === 'resource' && (step.desired as { content: unknown }).content),
    ).toEqual([expect.any(api.Secret), expect.any(api.Secret)]);
  });

  test('tells the absolute path and the digest of the file', async () => {
    const dir = tempProject({ 'p.ts': EMPTY('p') });
    const loaded = await loadPlaybook(join(dir, 'p.ts'));
    expect(loaded).toMatchObject({
      file: join(dir, 'p.ts'),
      sha256: sha256(EMPTY('p')),
      playbook: { name: 'p' },
    });
  });

  test('sees an edit of the playbook and of what it imports', async () => {
    const dir = tempProject({
      'p.ts':
        "import { definePlaybook } from 'pdeploy';\nimport { name } from './name.ts';\nexport default definePlaybook({ name, service: 'edge', steps: () => [] });\n",
      'name.ts': "export const name = 'one';\n",
    });
    expect((await loadPlaybook(join(dir, 'p.ts'))).playbook.name).toBe('one');
    writeFileSync(join(dir, 'name.ts'), "export const name = 'two';\n");
    expect((await loadPlaybook(join(dir, 'p.ts'))).playbook.name).toBe('two');
    writeFileSync(join(dir, 'p.ts'), EMPTY('three'));
    expect((await loadPlaybook(join(dir, 'p.ts'))).playbook.name).toBe('three');
  });

  test('reads templates beside the playbook', async () => {
    const dir = tempProject({
      'p.ts':
        "import { definePlaybook, file, template } from 'pdeploy';\nexport default definePlaybook({ name: 'p', service: 'edge', steps: ({ host }) => [file({ path: '/a', content: template('t/a.txt', { name: host.name }) })] });\n",
      't/a.txt': 'I am {{ name }}.\n',
    });
    const { playbook } = await loadPlaybook(join(dir, 'p.ts'));
    expect(compileSteps(playbook, aHost(), 'edge', 'v1').steps).toMatchObject([
      { desired: { content: 'I am edge-01.\n' } },
    ]);
  });

  test('keeps what it compiled in the cache directory of the user, not beside the playbook', async () => {
    const dir = tempProject({ 'p.ts': EMPTY('p') });
    await loadPlaybook(join(dir, 'p.ts'));
    expect(readdirSync(dir)).toEqual(['p.ts']);
    expect(existsSync(join(process.env.XDG_CACHE_HOME ?? '', 'pdeploy/playbooks'))).toBe(true);
  });
});

describe('finding', () => {
  test('prefers the nearest project, then what comes with pdeploy', () => {
    const dir = tempProject({
      'playbooks/rollout.ts': EMPTY('outer'),
      'in/playbooks/rollout.ts': EMPTY('inner'),
      'in/side/x': '',
    });
    expect(findPlaybook('rollout', join(dir, 'in/side'))).toBe(join(dir, 'in/playbooks/rollout.ts'));
    expect(findPlaybook('rollout', dir)).toBe(join(dir, 'playbooks/rollout.ts'));
    const shipped = findPlaybook('rollback', dir);
    expect(shipped).toMatch(/\/playbooks\/rollback\.ts$/);
    expect(existsSync(shipped)).toBe(true);
    expect(dirname(shipped).startsWith(dir)).toBe(false);
  });

  test('takes a path as a path', () => {
    const dir = tempProject({ 'own.ts': EMPTY('own') });
    expect(findPlaybook('./own.ts', dir)).toBe(join(dir, 'own.ts'));
  });

  test('says what there is when there is no such playbook', () => {
    const dir = tempProject({ 'playbooks/tune-hosts.ts': EMPTY('x'), 'playbooks/helper.js': '' });
    expect(() => findPlaybook('tune-host', dir)).toThrow(
      expect.objectContaining({
        code: 'PD2101',
        message: 'there is no playbook "tune-host", did you mean "tune-hosts"?',
        hint: 'there are: rollback, rollout, rotate-certs, tune-hosts',
      }),
    );
    expect(() => findPlaybook('./none.ts', dir)).toThrow(
      expect.objectContaining({ code: 'PD2101', message: 'there is no playbook ./none.ts' }),
    );
    expect(playbookNames(dir)).toEqual(['rollback', 'rollout', 'rotate-certs', 'tune-hosts']);
  });
});
