import type { DatabaseSync } from 'node:sqlite';
import { unknownDeployment } from './events.ts';
import type { Control, ControlKind } from './port.ts';
import { integer, type Row, text } from './rows.ts';
import { transaction } from './sqlite.ts';

const WAITING = 'SELECT * FROM controls WHERE deployment = ? AND taken_at IS NULL ORDER BY id';

export function postControl(
  db: DatabaseSync,
  deployment: string,
  kind: ControlKind,
  by: string,
  now: Date,
): void {
  transaction(db, () => {
    if (db.prepare('SELECT 1 FROM deployments WHERE id = ?').get(deployment) === undefined)
      throw unknownDeployment(deployment);
    db.prepare('INSERT INTO controls (deployment, kind, by, at) VALUES (?, ?, ?, ?)').run(
      deployment,
      kind,
      by,
      now.toISOString(),
    );
  });
}

/** Polled several times a second: takes the write lock only when there is something to take. */
export function takeControls(db: DatabaseSync, deployment: string, now: Date): Control[] {
  if (db.prepare(WAITING).get(deployment) === undefined) return [];
  return transaction(db, () => {
    const rows = db.prepare(WAITING).all(deployment);
    const take = db.prepare('UPDATE controls SET taken_at = ? WHERE id = ?');
    for (const row of rows) take.run(now.toISOString(), integer(row, 'id'));
    return rows.map(controlOf);
  });
}

function controlOf(row: Row): Control {
  return {
    id: integer(row, 'id'),
    deployment: text(row, 'deployment'),
    kind: text(row, 'kind') as ControlKind,
    by: text(row, 'by'),
    at: text(row, 'at'),
  };
}
