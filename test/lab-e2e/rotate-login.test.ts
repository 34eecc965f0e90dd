import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/util/digest.ts';
import { makeAuthority, type Pair } from '../certs/authority.ts';
import { comment, MACHINE, newSigner } from '../signing.ts';
import { NAMES, print, servedBy } from './certs-fleet.ts';
import { type Fleet, openFleet, type Project } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import { deployLogin, type Login } from './login.ts';
import { ownPlaybook } from './playbook.ts';

// Caddy is not given a certificate by the shipped playbook.
describe.runIf(hasFaults())(
  'certs rotate of a signed release, by a login that can deploy and nothing else',
  () => {
    const authority = makeAuthority();
    let fleet: Fleet;
    let login: Login | undefined;
    let operator: Project;
    let key = '';
    let now = authority.issue(NAMES);

    beforeAll(async () => {
      fleet = await openFleet({ hosts: 2 });
      const signer = newSigner(fleet.dir, 'ops');
      key = signer.publicKey;
      const binary = join(fleet.dir, 'program');
      copyFileSync(fleet.reference.binary, binary);
      const digest = sha256(readFileSync(binary));
      signer.sign(binary, comment({ service: 'edge', version: '1.0', target: MACHINE, sha256: digest }));
      outfit(fleet);
      await fleet.install('v1', '-e', `binary=${binary}`, '--healthy-deadline', '60s', ...VARS);

      login = deployLogin(fleet);
      const made = await fleet.pdeploy('hosts', 'bootstrap', '-i', 'lab', '--key', login.publicKey, '--yes');
      expect(made.code, made.text).toBe(0);
      await pin(key);
      operator = login.project('ci', 'ssh2');
      outfit(operator);
    });
    afterAll(async () => {
      await login?.remove();
      await fleet.end();
    });

    const VARS = ['-e', '@tls.yaml'];
    const outfit = (project: Project): void => {
      const tls = {
        servers: NAMES,
        cert: 'tls/site.pem',
        key: 'tls/site.key',
        trust: { file: 'tls/root.pem' },
      };
      project.write('tls/root.pem', authority.root.cert);
      project.write('tls.yaml', JSON.stringify({ tls }));
      bring(project, now);
      const signed = `require: { minisign: { publicKey: '${key}' } },`;
      project.write('playbooks/rollout.ts', ownPlaybook({ release: signed }));
    };
    const bring = (project: Project, pair: Pair): void => {
      project.write('tls/site.pem', pair.cert);
      project.write('tls/site.key', pair.key);
    };
    const pin = (pinned: string) =>
      Promise.all(
        fleet.hosts.map((h) =>
          fleet.ssh(
            h.name,
            `sed -i '/^minisign/d' /etc/pdeploy/policy; echo 'minisign edge ${pinned}' >>/etc/pdeploy/policy`,
          ),
        ),
      );
    const rotate = () =>
      operator.pdeploy(
        ...['certs', 'rotate', '-i', 'lab', '--yes', '--min-healthy-time', '500ms'],
        ...['--healthy-deadline', '30s', ...VARS],
      );
    const served = () => servedBy(fleet.hosts.map(({ address }) => ({ address, port: 6194 })));

    test('brings the certificate; the program and its signature are those that the host has', async () => {
      now = authority.issue(NAMES);
      bring(operator, now);
      const ran = await rotate();
      expect(ran.code, ran.text).toBe(0);
      expect(await served()).toEqual([print(now), print(now)]);
      const files = await fleet.ssh('edge-01', 'ls /opt/pdeploy/edge/1/current/bin');
      expect(files.stdout).toMatch(/^edge$/m);
    });

    test('is refused by hosts that trust another key by now, and nothing is touched', async () => {
      const pids = await fleet.mainPids();
      await pin(newSigner(fleet.dir, 'other').publicKey);
      bring(operator, authority.issue(NAMES));
      const ran = await rotate();
      expect(ran.code, ran.text).not.toBe(0);
      expect(ran.text).toMatch(/signed/);
      expect([await fleet.mainPids(), await served()]).toEqual([pids, [print(now), print(now)]]);
    });
  },
);
