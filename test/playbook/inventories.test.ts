import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadInventory } from '../../src/config/load.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

test.each(['prod', 'staging'])(
  'the example inventory %s has all that the shipped playbook wants',
  async (name) => {
    const loaded = await loadInventory(path(`inventories/${name}.yaml`));
    if (!loaded.ok) throw new Error(loaded.problems.map((p) => p.message).join('\n'));
    const { playbook } = await loadPlaybook(path('playbooks/rollout.ts'));
    const hosts = [...loaded.inventory.hosts.values()].filter((h) => h.instances.length > 0);
    expect(hosts.length).toBeGreaterThan(1);
    for (const host of hosts) {
      const { steps, deploys } = compileSteps(playbook, host, 'edge', 'v1');
      expect(deploys).toBe(true);
      const release = steps.find((s) => s.type === 'release');
      expect(release?.files.map((f) => f.path)).toEqual(['config/1.yaml', 'config/2.yaml']);
    }
  },
);
