import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Key, valueProblem } from '../../src/pingora/key.ts';
import { KEYS } from '../../src/pingora/keys.ts';
import { hasFaults, lab } from './lab-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the reference service, which refuses keys that Pingora does not have, says to a configuration; '' when it is good. */
function verdict(conf: object): string {
  const file = join(dir, 'edge.json');
  writeFileSync(file, JSON.stringify({ version: 1, ...conf }));
  const ran = spawnSync(lab().reference.binary, ['-t', '-c', file], { encoding: 'utf8' });
  return ran.status === 0 ? '' : ran.stderr;
}

/** A value that fits, and values that do not. */
function values(key: Key): { readonly good: readonly unknown[]; readonly bad: readonly unknown[] } {
  // Of a text that must be there, Pingora makes the path "null": no refusal, and nothing that anybody means.
  const refused = key.type.kind === 'text' ? [] : [null];
  const nothing = key.nullable ? { good: [null], bad: [] } : { good: [], bad: refused };
  const { good, bad } = ((): { good: readonly unknown[]; bad: readonly unknown[] } => {
    switch (key.type.kind) {
      case 'flag':
        return { good: [true, false], bad: ['yes', 1] };
      case 'text':
        return { good: ['/run/edge/x'], bad: [['x'], { x: 1 }] };
      case 'texts':
        return { good: [[], ['10.0.0.1']], bad: ['10.0.0.1', [[]]] };
      case 'choice':
        return { good: key.type.of, bad: ['other', 1] };
      case 'number': {
        const { least, most } = key.type;
        const beyond = [least - 1, ...(most === undefined ? [] : [most + 1])];
        // These the process meets at work only.
        const unchecked = key.name === 'listener_tasks_per_fd' ? [] : beyond;
        return { good: [Math.max(least, 1), most ?? 7], bad: [...unchecked, 1.5, 'many'] };
      }
    }
  })();
  return { good: [...good, ...nothing.good], bad: [...bad, ...nothing.bad] };
}

describe.runIf(hasFaults())('the table of keys', () => {
  // s2n is another TLS library, and without it the key is none.
  const keys = KEYS.filter((key) => key.name !== 's2n_config_cache_size');

  test.each(keys)('knows $name as Pingora 0.9.1 does', (key) => {
    const { good, bad } = values(key);
    for (const value of good) {
      expect(verdict({ [key.name]: value }), JSON.stringify(value)).toBe('');
      expect(valueProblem(key, value)).toBeUndefined();
    }
    for (const value of bad) {
      expect(verdict({ [key.name]: value }), JSON.stringify(value)).not.toBe('');
      expect(valueProblem(key, value)).toBeDefined();
    }
  });

  test('has no key that Pingora does not have', () => {
    expect(verdict({ none_such: 1 })).toContain('none_such: unknown key');
  });
});
