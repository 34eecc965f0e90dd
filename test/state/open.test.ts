import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { stateDirectory } from '../../src/state/directory.ts';
import { MIGRATIONS, migrate } from '../../src/state/migrations.ts';
import { openDatabase, openState } from '../../src/state/open.ts';
import { planOf } from '../arbitraries/plan.ts';
import { started } from './bodies.ts';
import { tempDir, tempState } from './temp-state.ts';

const OPEN = join(import.meta.dirname, 'open-once.ts');

function inShell(script: string, ...args: string[]) {
  return spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', process.execPath, OPEN, ...args], {
    encoding: 'utf8',
  });
}

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

describe('opening', () => {
  it('refuses a directory it may not write to', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), '');
    expect(() => openState(join(dir, 'file', '.pdeploy'))).toThrow(
      expect.objectContaining({
        code: 'PD5001',
        exitCode: 3,
        hint: expect.stringContaining('PDEPLOY_STATE_DIR'),
      }),
    );
  });

  it.runIf(canMount)('refuses a read-only file system', () => {
    const dir = tempDir();
    tempState(dir);
    const run = inShell(
      'mount -t tmpfs tmpfs /mnt; cp -r "$3"/. /mnt; mount -o remount,ro /mnt; exec "$1" "$2" /mnt',
      dir,
    );
    expect(run.stdout).toMatch(/^PD5001 /);
  });

  it.runIf(canMount)('refuses a disk with little room, before it is used up', () => {
    expect(inShell('mount -t tmpfs -o size=1m tmpfs /mnt; exec "$1" "$2" /mnt').stdout).toMatch(/^PD5002 /);
  });

  it.runIf(canMount)(
    'says that the disk is full when it fills up under way, and keeps what was written',
    () => {
      const run = inShell('mount -t tmpfs -o size=20m tmpfs /mnt; exec "$1" "$2" /mnt fill');
      expect(run.stdout).toMatch(/^PD5002 [^\n]*\nsound true\n$/);
    },
  );

  it('refuses a file that is no database', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'state.db'), 'not a database, but long enough to be taken for one\n'.repeat(100));
    expect(() => openState(dir)).toThrow(expect.objectContaining({ code: 'PD5005' }));
  });

  it('refuses a file of a newer pdeploy and leaves it as it is', () => {
    const dir = tempDir();
    tempState(dir);
    const file = join(dir, 'state.db');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 999');
    db.close();
    expect(() => openState(dir)).toThrow(expect.objectContaining({ code: 'PD5003' }));
    const after = new DatabaseSync(file, { readOnly: true });
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
    after.close();
  });

  it('says so when another process holds the file', { timeout: 20_000 }, () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    const db = new DatabaseSync(join(dir, 'state.db'));
    db.exec('BEGIN IMMEDIATE');
    expect(() => state.appendEvent(id, started(), 0)).toThrow(expect.objectContaining({ code: 'PD5004' }));
    db.exec('ROLLBACK');
    db.close();
    expect(state.appendEvent(id, started(), 0).seq).toBe(1);
  });

  it('makes the directory private again', () => {
    const dir = tempDir();
    chmodSync(dir, 0o755);
    tempState(dir);
    expect(spawnSync('stat', ['-c', '%a', dir], { encoding: 'utf8' }).stdout).toBe('700\n');
  });

  it('writes with a write-ahead log and a full sync', () => {
    const db = openDatabase(join(tempDir(), 'state.db'));
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5_000 });
    db.close();
  });
});

describe('migrations', () => {
  it('take an old file up without losing what it holds', () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    state.appendEvent(id, started(), 0);
    const db = new DatabaseSync(join(dir, 'state.db'));
    migrate(db, 'state.db', [
      ...MIGRATIONS,
      "ALTER TABLE deployments ADD COLUMN site TEXT NOT NULL DEFAULT 'x'",
    ]);
    expect(db.prepare('SELECT id, site FROM deployments').get()).toEqual({ id, site: 'x' });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length + 1 });
    db.close();
  });

  it('leave the file as it was when one fails half way', () => {
    const db = new DatabaseSync(':memory:');
    expect(() => migrate(db, 'x', ['CREATE TABLE a (x) STRICT; CREATE TABLE'])).toThrow(
      /syntax|incomplete|datatype/,
    );
    expect(db.prepare('SELECT count(*) AS c FROM sqlite_schema').get()).toEqual({ c: 0 });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 });
  });
});

describe('the directory', () => {
  it('is .pdeploy of the project unless the environment names another', () => {
    expect(stateDirectory('/srv/edge', {})).toBe('/srv/edge/.pdeploy');
    expect(stateDirectory('/srv/edge', { PDEPLOY_STATE_DIR: '/var/lib/edge' })).toBe('/var/lib/edge');
  });
});
