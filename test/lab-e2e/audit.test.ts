import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkHash } from '../../src/state/chain.ts';
import { stateDirectory } from '../../src/state/directory.ts';
import { type Fleet, openFleet } from './fleet.ts';

let fleet: Fleet;
let file: string;

beforeAll(async () => {
  fleet = await openFleet({ hosts: 2 });
  await fleet.install('v1');
  await fleet.install('v2', '-e', 'workers=3');
  const dir = stateDirectory(fleet.dir);
  file = join(dir, 'state.db');
  // What is in the write-ahead log goes into the file.
  const db = new DatabaseSync(file);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  expect(readdirSync(dir)).toContain('state.db');
  copyFileSync(file, join(fleet.dir, 'kept.db'));
});
afterAll(() => fleet.end());

type Row = { n: number; json: string };

/** The record as it was, with something done to it. */
function tamper(change: (db: DatabaseSync) => void): void {
  for (const end of ['-wal', '-shm']) if (existsSync(file + end)) rmSync(file + end);
  copyFileSync(join(fleet.dir, 'kept.db'), file);
  const db = new DatabaseSync(file);
  change(db);
  db.close();
}

/** All hashes anew, as somebody would do who owns the file. */
function rechain(db: DatabaseSync): void {
  let prev = '';
  for (const { n, json } of db.prepare('SELECT n, json FROM events ORDER BY n').all() as Row[]) {
    const hash = linkHash(prev, json);
    db.prepare('UPDATE events SET prev = ?, hash = ? WHERE n = ?').run(prev, hash, n);
    prev = hash;
  }
}

const changeActor = (db: DatabaseSync): void => {
  db.exec(`UPDATE events SET json = replace(json, '"actor":"tester"', '"actor":"nobody"') WHERE n > 1`);
};

describe('audit verify', () => {
  test('an untouched record is as its hosts keep it', async () => {
    tamper(() => undefined);
    const ran = await fleet.pdeploy('audit', 'verify', '-i', 'lab');
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stdout).toMatch(/^✔ \d+ events, an unbroken chain, head [0-9a-f]{12}$/m);
    expect(ran.stdout).toContain('✔ edge-01: 2 anchors as in this record');
    expect(ran.stdout).toContain('✔ edge-02: 2 anchors as in this record');
  });

  test('a changed event breaks the chain', async () => {
    tamper(changeActor);
    const ran = await fleet.pdeploy('audit', 'verify');
    expect(ran.code, ran.text).toBe(5);
    expect(ran.stdout).toContain('its text was changed after it was written');
  });

  test('a record that was written anew is in order by itself, and not what the hosts keep', async () => {
    tamper((db) => {
      changeActor(db);
      rechain(db);
    });
    expect((await fleet.pdeploy('audit', 'verify')).code).toBe(0);
    const ran = await fleet.pdeploy('audit', 'verify', '-i', 'lab');
    expect(ran.code, ran.text).toBe(5);
    expect(ran.stdout).toMatch(/✖ edge-01: event \d+, which it keeps since d-\S+, is not the one/);
  });

  test('a tail that was cut off is missed by the hosts', async () => {
    tamper((db) => {
      db.exec('DELETE FROM events WHERE n > 10');
      db.exec(`UPDATE sqlite_sequence SET seq = 10 WHERE name = 'events'`);
    });
    expect((await fleet.pdeploy('audit', 'verify')).code).toBe(0);
    const ran = await fleet.pdeploy('audit', 'verify', '-i', 'lab');
    expect(ran.code, ran.text).toBe(5);
    expect(ran.stdout).toMatch(/✖ edge-02: event \d+, which it keeps since d-\S+, is missing in this record/);
  });

  test('the record of a colleague is another one', async () => {
    tamper(() => undefined);
    const deployed = await fleet.colleague('second').rollout('v3', '--wave', '100%', '-e', 'workers=4');
    expect(deployed.code, deployed.text).toBe(0);
    const ran = await fleet.pdeploy('audit', 'verify', '-i', 'lab');
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stdout).toContain('✔ edge-01: 2 anchors as in this record, 1 anchor of other records');
  });
});
