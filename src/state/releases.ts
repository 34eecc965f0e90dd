import type { DatabaseSync } from 'node:sqlite';
import type { HostName } from '../model/host.ts';
import type { Release, ReleaseMark } from '../model/release.ts';
import { StateError } from './errors.ts';
import type { StoredRelease } from './port.ts';
import { optionalText, type Row, text } from './rows.ts';
import { transaction } from './sqlite.ts';

const NEXT_SAVED = '(SELECT coalesce(max(saved), 0) + 1 FROM releases)';
const NEXT_MARKED = '(SELECT coalesce(max(marked), 0) + 1 FROM releases)';

export function saveRelease(
  db: DatabaseSync,
  release: Release,
  digests: ReadonlyMap<HostName, string>,
  now: Date,
): void {
  transaction(db, () => {
    db.prepare(
      `INSERT INTO releases (service, id, label, created_at, metadata, saved, saved_at)
       VALUES (?, ?, ?, ?, ?, ${NEXT_SAVED}, ?)
       ON CONFLICT (service, id) DO UPDATE SET label = excluded.label, metadata = excluded.metadata,
         saved = excluded.saved, saved_at = excluded.saved_at`,
    ).run(
      release.service,
      release.id,
      release.label,
      release.createdAt,
      JSON.stringify(release.metadata),
      now.toISOString(),
    );
    const insert = db.prepare(
      'INSERT OR REPLACE INTO digests (service, release, host, digest) VALUES (?, ?, ?, ?)',
    );
    for (const [host, digest] of digests) insert.run(release.service, release.id, host, digest);
  });
}

export function markRelease(
  db: DatabaseSync,
  of: { readonly service: string; readonly id: string },
  mark: ReleaseMark,
  who: { readonly by: string; readonly reason: string | undefined; readonly at: Date },
): void {
  const done = db
    .prepare(
      `UPDATE releases SET mark = ?, marked = ${NEXT_MARKED}, marked_at = ?, marked_by = ?, reason = ?
       WHERE service = ? AND id = ?`,
    )
    .run(mark, who.at.toISOString(), who.by, who.reason ?? null, of.service, of.id);
  if (done.changes === 0) {
    throw new StateError('PD5007', `no release ${of.id.slice(0, 12)} of ${of.service} is known`, {
      hint: 'pdeploy releases lists them',
    });
  }
}

/** Last deployed first. */
export function readReleases(db: DatabaseSync, service: string): StoredRelease[] {
  const rows = db.prepare('SELECT * FROM releases WHERE service = ? ORDER BY saved DESC').all(service);
  return rows.map((row) => releaseOf(db, row));
}

/** A label may have been given twice: the release that was deployed last has it. */
export function findRelease(db: DatabaseSync, service: string, idOrLabel: string): StoredRelease | undefined {
  const all = readReleases(db, service);
  const exact = all.find((r) => r.id === idOrLabel) ?? all.find((r) => r.label === idOrLabel);
  if (exact !== undefined || idOrLabel.length < 4) return exact;
  const [first, ...others] = all.filter((r) => r.id.startsWith(idOrLabel));
  return others.length === 0 ? first : undefined;
}

export function provenRelease(
  db: DatabaseSync,
  service: string,
  excludeIds: readonly string[] = [],
  hosts: readonly HostName[] = [],
): StoredRelease | undefined {
  const rows = db
    .prepare("SELECT * FROM releases WHERE service = ? AND mark = 'proven' ORDER BY marked DESC")
    .all(service);
  return rows
    .filter((row) => !excludeIds.includes(text(row, 'id')))
    .map((row) => releaseOf(db, row))
    .find((release) => hosts.every((host) => release.digests.has(host)));
}

function releaseOf(db: DatabaseSync, row: Row): StoredRelease {
  const service = text(row, 'service');
  const id = text(row, 'id');
  const markedBy = optionalText(row, 'marked_by');
  const markedAt = optionalText(row, 'marked_at');
  const reason = optionalText(row, 'reason');
  const digests = db
    .prepare('SELECT host, digest FROM digests WHERE service = ? AND release = ? ORDER BY host')
    .all(service, id);
  return {
    service,
    id,
    label: text(row, 'label'),
    createdAt: text(row, 'created_at'),
    metadata: JSON.parse(text(row, 'metadata')) as Release['metadata'],
    mark: text(row, 'mark') as ReleaseMark,
    savedAt: text(row, 'saved_at'),
    ...(markedBy === undefined ? {} : { markedBy }),
    ...(markedAt === undefined ? {} : { markedAt }),
    ...(reason === undefined ? {} : { reason }),
    digests: new Map(digests.map((d) => [text(d, 'host'), text(d, 'digest')])),
  };
}
