import { accessSync, chmodSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { explain, noRoom } from './errors.ts';
import { migrate } from './migrations.ts';
import type { StateStore } from './port.ts';
import { loadSqlite, transaction } from './sqlite.ts';
import { sqliteStore } from './store.ts';

/** A deployment of 1,000 hosts writes about 5 MB; less than this and it might not be able to end. */
const ROOM_NEEDED = 16 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the record of a project, made on first use, readable by its owner alone. Proves that it can be written, so
 * that what cannot be recorded is refused before a host is touched.
 * @throws StateError PD5001 not writable, PD5002 no room, PD5003 newer schema, PD5004 busy, PD5005 damaged
 */
export function openState(dir: string, options: { readonly now?: () => Date } = {}): StateStore {
  const file = join(dir, 'state.db');
  try {
    prepareDirectory(dir, file);
    return sqliteStore(openDatabase(file), file, options.now ?? (() => new Date()));
  } catch (error) {
    throw explain(error, file);
  }
}

function prepareDirectory(dir: string, file: string): void {
  if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (statSync(dir).uid === process.getuid?.()) chmodSync(dir, 0o700);
  accessSync(dir, constants.W_OK | constants.X_OK);
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < ROOM_NEEDED) throw noRoom(file);
}

/** Open for `openState` and for whoever wants to look at the settings. */
export function openDatabase(file: string): DatabaseSync {
  const { DatabaseSync: Database } = loadSqlite();
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    useWal(db);
    db.exec('PRAGMA synchronous = FULL');
    migrate(db, file);
    proveWritable(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The change to WAL does not wait its turn as other statements do, so two first users at once could meet. */
function useWal(db: DatabaseSync): void {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      const busy = error instanceof Error && Reflect.get(error, 'errcode') === 5;
      if (!busy || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function proveWritable(db: DatabaseSync): void {
  const version = db.prepare('PRAGMA user_version').get()?.user_version;
  transaction(db, () => db.exec(`PRAGMA user_version = ${Number(version)}`));
}
