import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/util/digest.ts';
import { comment, MACHINE, newSigner, type Signer } from '../signing.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { ownPlaybook } from './playbook.ts';

describe('a service that must be signed', () => {
  let fleet: Fleet;
  let signer: Signer;
  const broken = "service: instances[0].host === 'edge-02' ? { ExecStartPre: ['/bin/false'] } : {},";
  const binary = () => join(fleet.dir, 'program');
  const write = (parts: { readonly unit?: string } = {}, key = signer.publicKey) =>
    fleet.write(
      'playbooks/rollout.ts',
      ownPlaybook({ ...parts, release: `require: { minisign: { publicKey: '${key}' } },` }),
    );
  const sign = (version: string) =>
    signer.sign(
      binary(),
      comment({ service: 'edge', version, target: MACHINE, sha256: sha256(readFileSync(binary())) }),
    );
  const rollout = (label: string, ...args: string[]) =>
    fleet.rollout(label, '-e', `binary=${binary()}`, ...args);
  const policy = (text: string) =>
    Promise.all(
      fleet.hosts.map((h) =>
        fleet.ssh(h.name, `mkdir -p /etc/pdeploy; printf '${text}' >/etc/pdeploy/policy`),
      ),
    );
  const labels = async (): Promise<readonly string[]> => {
    const status = await fleet.pdeploy('status', '-i', 'lab', '--output', 'json');
    const { instances } = JSON.parse(status.stdout) as { instances: readonly { label: string }[] };
    return instances.map((i) => i.label);
  };
  const untouched = (pids: readonly string[]) => expect(fleet.mainPids()).resolves.toEqual(pids);

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 2 });
    await fleet.install('v1');
    signer = newSigner(fleet.dir, 'ops');
    copyFileSync(fleet.reference.binary, binary());
    await policy(`policy host\\nminisign edge ${signer.publicKey}\\n`);
  });
  afterAll(async () => {
    await Promise.all(fleet.hosts.map((h) => fleet.ssh(h.name, 'rm -rf /etc/pdeploy')));
    await fleet.end();
  });

  test('is not rolled out without a signature that is good, and nothing is touched', async () => {
    const pids = await fleet.mainPids();
    const plain = await rollout('v2', '-e', 'workers=3');
    expect(plain.code, plain.text).toBe(3);
    expect(plain.text).toMatch(/PD3025: edge-01 takes signed releases of edge only, and \w+ is not signed/);
    write();
    const missing = await rollout('v2');
    expect(missing.code, missing.text).toBe(3);
    expect(missing.text).toMatch(/PD3024: \w+ has to be signed.*ENOENT/);
    expect(missing.text).toContain('minisign -S -m FILE -t "service=edge version=');
    sign('2.0');
    write({}, newSigner(fleet.dir, 'other').publicKey);
    const other = await rollout('v2');
    expect(other.code, other.text).toBe(3);
    expect(other.text).toContain('it was made with key');
    await untouched(pids);
  });

  test('goes back to what ran unsigned before, when the first signed release is bad', async () => {
    write({ unit: broken });
    const before = await fleet.answers();
    const ran = await rollout('bad', '--healthy-deadline', '3s');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('edge-01@1 -> ');
    expect(await fleet.answers()).toEqual(before);
  });

  test('is rolled out signed, and the plan shows by what', async () => {
    write();
    const plan = await fleet.pdeploy('plan', '-i', 'lab', '-D', '-e', `binary=${binary()}`);
    expect(plan.stdout).toMatch(/^ *\+trusted comment: service=edge version=2.0 target=/m);
    const ran = await rollout('v2');
    expect(ran.code, ran.text).toBe(0);
    expect(await labels()).toEqual(['v2', 'v2']);
  });

  test('does not become older by mistake, and does when asked', async () => {
    sign('1.9');
    const pids = await fleet.mainPids();
    const ran = await rollout('old');
    expect(ran.code, ran.text).toBe(3);
    expect(ran.text).toMatch(/PD3026: edge-01 has had 2\.0, \w+ is signed as 1\.9 \(--allow-downgrade/);
    await untouched(pids);
    const asked = await rollout('old', '--allow-downgrade');
    expect(asked.code, asked.text).toBe(0);
    expect(await labels()).toEqual(['old', 'old']);
  });

  test('rolls back, to what is signed and to what was there before', async () => {
    const back = await fleet.pdeploy(
      'rollback',
      '-i',
      'lab',
      '--yes',
      '--to',
      'v2',
      '--min-healthy-time',
      '500ms',
    );
    expect(back.code, back.text).toBe(0);
    expect(await labels()).toEqual(['v2', 'v2']);
    const first = await fleet.pdeploy(
      'rollback',
      '-i',
      'lab',
      '--yes',
      '--to',
      'v1',
      '--min-healthy-time',
      '500ms',
    );
    expect(first.code, first.text).toBe(0);
    expect(await labels()).toEqual(['v1', 'v1']);
  });
});
