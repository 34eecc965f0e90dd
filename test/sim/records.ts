import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../src/state/open.ts';
import type { StateStore } from '../../src/state/port.ts';
import { sqliteStore } from '../../src/state/store.ts';

type Table = { readonly db: DatabaseSync; readonly empty: () => void };

/** Databases of earlier runs, emptied: to make one takes longer than most runs. */
const spare: Table[] = [];

/** A record in memory, as the one on disk in everything but the disk. `end` takes it back for the next run. */
export function openRecord(name: string): { readonly store: StateStore; readonly end: () => void } {
  const table = spare.pop() ?? make();
  return {
    store: sqliteStore(table.db, name, () => new Date()),
    end: () => {
      table.empty();
      spare.push(table);
    },
  };
}

function make(): Table {
  const db = openDatabase(':memory:');
  // Nobody else looks, and a record in memory is as durable as it will get.
  const prepare = db.prepare.bind(db);
  const known = new Map<string, ReturnType<typeof prepare>>();
  db.prepare = (sql) => {
    const same = known.get(sql) ?? prepare(sql);
    known.set(sql, same);
    return same;
  };
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    if (sql === 'BEGIN IMMEDIATE') begin.run();
    else if (sql === 'COMMIT') commit.run();
    else exec(sql);
  };
  const names = ['runners', 'controls', 'digests', 'releases', 'events', 'deployments', 'sqlite_sequence'];
  const clear = names.map((table) => db.prepare(`DELETE FROM ${table}`));
  const empty = (): void => {
    for (const statement of clear) statement.run();
  };
  return { db, empty };
}
