import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RefusedError } from '../../src/errors.ts';
import { cacheArtifact } from '../../src/execute/artifact.ts';
import type { CompiledHost } from '../../src/execute/compile.ts';
import { checkSignature } from '../../src/execute/signature.ts';
import { signingProblems } from '../../src/execute/signing-problems.ts';
import type { Observation, SigningObservation } from '../../src/model/facts.ts';
import type { ReleaseStep } from '../../src/model/playbook.ts';
import { sha256 } from '../../src/util/digest.ts';
import { observation, running } from '../plan/build.ts';
import { comment, newSigner } from '../signing.ts';

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-signed-'));
const signer = newSigner(dir, 'a');
const other = newSigner(dir, 'b');
const binary = join(dir, 'edge');
const facts = { service: 'edge', version: '1.4.2', target: 'x86_64', sha256: '' };
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Of a file that says `content` now, with a signature made when it said `when`. */
async function check(content: string, signed: () => void, step: Partial<ReleaseStep> = {}) {
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
  rmSync(`${binary}.minisig`, { force: true });
  signed();
  writeFileSync(binary, content);
  const source = { kind: 'path', path: 'edge' } as const;
  const release: ReleaseStep = {
    type: 'release',
    id: 'release',
    artifact: source,
    binary: 'edge',
    minisign: { publicKey: signer.publicKey, signature: 'edge.minisig' },
    files: [],
    metadata: {},
    ...step,
  };
  return checkSignature(release, 'edge', await cacheArtifact(source, 'edge', dir), dir);
}

function sign(content: string, by = signer, change: Partial<typeof facts> = {}): () => void {
  return () => {
    writeFileSync(binary, content);
    by.sign(binary, comment({ ...facts, sha256: sha256(content), ...change }));
  };
}

test('a signed binary is taken, and its signature with it', async () => {
  const checked = await check('v1', sign('v1'));
  expect(checked.facts).toEqual({ ...facts, sha256: sha256('v1') });
  expect(checked.text).toMatch(/^untrusted comment: .*\nRU.*\ntrusted comment: service=edge .*\n.*\n$/);
});

describe('refused', () => {
  beforeAll(() => vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache')));

  test.each<[string, string, () => void, string]>([
    ['missing', 'v1', () => {}, 'ENOENT'],
    ['swapped binary', 'evil', sign('v1'), 'it is not the signature of this file'],
    ['flipped bit', 'v2', sign('v1'), 'it is not the signature of this file'],
    ['other key', 'v1', sign('v1', other), 'it was made with key '],
    ['other service', 'v1', sign('v1', signer, { service: 'other' }), 'it is for service other, not edge'],
    [
      'other digest',
      'v1',
      sign('v1', signer, { sha256: 'a'.repeat(64) }),
      'it is for a binary with sha256 aaaa',
    ],
    ['no facts', 'v1', sign('v1', signer, { version: '' }), 'has no version of the right form'],
    ['not a signature', 'v1', () => writeFileSync(`${binary}.minisig`, 'hello'), 'the four lines'],
    ['huge', 'v1', () => writeFileSync(`${binary}.minisig`, 'x'.repeat(5000)), 'it is too large'],
  ])('%s', async (_name, content, signed, why) => {
    const refused = await check(content, signed).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({ code: 'PD3024', exitCode: 3 });
    expect((refused as RefusedError).message).toContain(why);
    expect((refused as RefusedError).hint).toContain(
      'minisign -S -m FILE -t "service=edge version=1.2.3 target=',
    );
  });
});

describe('what a host would refuse', () => {
  const compiled = (version: string, target = 'x86_64') =>
    ({
      host: { name: 'edge-01' },
      binary: 'edge',
      release: { service: 'edge', digest: 'new' },
      signature:
        version === '' ? undefined : { text: '', publicKey: 'K1', facts: { ...facts, version, target } },
    }) as unknown as CompiledHost;
  const seen = (signing: SigningObservation, change: Partial<Observation['facts']> = {}, current = 'old') =>
    observation([running(current)], { signing, facts: change });
  const said = (...args: Parameters<typeof signingProblems>) =>
    signingProblems(...args).map((p) => `${p.code} ${p.message}`);
  const none = { keys: [], version: '' };
  const pinned = { keys: ['K1', 'K2'], version: '1.4.2' };

  test('nothing, where nothing is demanded or all is as it should be', () => {
    expect(said(compiled(''), seen(none), false)).toEqual([]);
    expect(said(compiled('1.4.2'), seen(none), false)).toEqual([]);
    expect(said(compiled('1.4.2'), seen(pinned), false)).toEqual([]);
    expect(said(compiled('1.4.10', 'x86_64-linux'), seen(pinned), false)).toEqual([]);
  });

  test('a release that is not signed, of another key, for another processor', () => {
    expect(said(compiled(''), seen(pinned), false)).toEqual([
      'PD3025 edge-01 takes signed releases of edge only, and edge is not signed',
    ]);
    expect(said(compiled('1.4.2'), seen({ keys: ['K2'], version: '' }), false)).toEqual([
      'PD3025 edge-01 does not pin the key that edge is signed with',
    ]);
    expect(said(compiled('1.4.2', 'aarch64'), seen(none), false)).toEqual([
      'PD3024 edge-01 is x86_64, edge is signed for aarch64',
    ]);
  });

  test('an older version, unless it was asked for and the host lets it', () => {
    expect(said(compiled('1.4.1'), seen(pinned), false)).toEqual([
      'PD3026 edge-01 has had 1.4.2, edge is signed as 1.4.1 (--allow-downgrade takes it all the same)',
    ]);
    expect(said(compiled('1.4.1'), seen(pinned, { policy: 'host' }), true)).toEqual([]);
    expect(said(compiled('1.4.1'), seen(pinned, { policy: 'deploy' }), true)).toEqual([
      'PD3026 edge-01 has had 1.4.2, edge is signed as 1.4.1, and its policy allows no downgrade',
    ]);
  });

  test('nothing, where it runs already', () => {
    expect(said(compiled(''), seen(pinned, {}, 'new'), false)).toEqual([]);
  });
});
