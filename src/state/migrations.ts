import type { DatabaseSync } from 'node:sqlite';
import { StateError } from './errors.ts';
import { transaction } from './sqlite.ts';

/** Each takes the schema one version up. Never change one that was released: add another. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE deployments (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    inventory TEXT NOT NULL,
    plan TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    actor TEXT NOT NULL DEFAULT '',
    from_id TEXT NOT NULL DEFAULT '',
    to_id TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL DEFAULT '',
    hosts INTEGER NOT NULL DEFAULT 0,
    instances INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    cause TEXT NOT NULL DEFAULT '',
    took INTEGER,
    events INTEGER NOT NULL DEFAULT 0,
    last_at TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE TABLE events (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment TEXT NOT NULL REFERENCES deployments (id),
    seq INTEGER NOT NULL,
    json TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (deployment, seq)
  ) STRICT;
  CREATE TABLE releases (
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    metadata TEXT NOT NULL,
    saved INTEGER NOT NULL,
    saved_at TEXT NOT NULL,
    mark TEXT NOT NULL DEFAULT 'unproven',
    marked INTEGER,
    marked_at TEXT,
    marked_by TEXT,
    reason TEXT,
    PRIMARY KEY (service, id)
  ) STRICT;
  CREATE TABLE digests (
    service TEXT NOT NULL,
    release TEXT NOT NULL,
    host TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (service, release, host)
  ) STRICT;
  CREATE TABLE controls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment TEXT NOT NULL,
    kind TEXT NOT NULL,
    by TEXT NOT NULL,
    at TEXT NOT NULL,
    taken_at TEXT
  ) STRICT;
  CREATE INDEX controls_waiting ON controls (deployment) WHERE taken_at IS NULL;
  CREATE TABLE runners (
    deployment TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    start_time TEXT NOT NULL,
    since TEXT NOT NULL
  ) STRICT;
  `,
];

/** Brings the schema to the newest version; refuses one that a newer pdeploy has made. */
export function migrate(db: DatabaseSync, file: string, migrations: readonly string[] = MIGRATIONS): void {
  if (version(db) === migrations.length) return;
  transaction(db, () => {
    const from = version(db);
    if (from > migrations.length) {
      throw new StateError(
        'PD5003',
        `${file} was written by a newer pdeploy (schema ${from}, this one knows ${migrations.length})`,
        { hint: 'use that version, or name another directory with PDEPLOY_STATE_DIR' },
      );
    }
    for (const step of migrations.slice(from)) db.exec(step);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function version(db: DatabaseSync): number {
  const value = db.prepare('PRAGMA user_version').get()?.user_version;
  return typeof value === 'number' ? value : 0;
}
