import type { DatabaseSync } from 'node:sqlite';
import type { Event, Outcome } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import { deploymentId } from './deployment-id.ts';
import type { DeploymentSummary } from './port.ts';
import { integer, optionalInteger, optionalText, type Row, text } from './rows.ts';
import { transaction } from './sqlite.ts';

export function createDeployment(db: DatabaseSync, plan: Plan, now: Date, random: () => number): string {
  return transaction(db, () => {
    const insert = db.prepare(
      `INSERT INTO deployments (id, service, inventory, plan, created_at)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    for (let attempt = 0; ; attempt++) {
      const id = deploymentId(now, random, attempt >> 2);
      const made = insert.run(id, plan.service, plan.inventory.name, JSON.stringify(plan), now.toISOString());
      if (made.changes === 1) return id;
    }
  });
}

export function readPlan(db: DatabaseSync, id: string): Plan | undefined {
  const row = db.prepare('SELECT plan FROM deployments WHERE id = ?').get(id);
  const json = row === undefined ? undefined : optionalText(row, 'plan');
  return json === undefined ? undefined : (JSON.parse(json) as Plan);
}

/** Keeps the line of the history in step with the log; runs inside the transaction that appends. */
export function projectEvent(db: DatabaseSync, event: Event): void {
  db.prepare('UPDATE deployments SET events = ?, last_at = ? WHERE id = ?').run(
    event.seq,
    event.at,
    event.deployment,
  );
  if (event.type === 'deployment.started') {
    db.prepare(
      `UPDATE deployments SET started_at = ?, actor = ?, from_id = ?, to_id = ?, label = ?, hosts = ?, instances = ?
       WHERE id = ?`,
    ).run(
      event.at,
      event.actor,
      event.from,
      event.to,
      event.label,
      event.hosts,
      event.instances,
      event.deployment,
    );
  } else if (event.type === 'deployment.resumed') {
    db.prepare("UPDATE deployments SET outcome = NULL, cause = '', took = NULL WHERE id = ?").run(
      event.deployment,
    );
  } else if (event.type === 'deployment.finished') {
    db.prepare('UPDATE deployments SET outcome = ?, cause = ?, took = ? WHERE id = ?').run(
      event.outcome,
      event.cause,
      Math.round(event.ms),
      event.deployment,
    );
  }
}

/** Those that have started, newest first. `limit` -1: all. */
export function readDeployments(
  db: DatabaseSync,
  filter: { readonly limit?: number; readonly service?: string; readonly inventory?: string } = {},
): DeploymentSummary[] {
  const rows = db
    .prepare(
      `SELECT * FROM deployments WHERE started_at IS NOT NULL AND service = coalesce(?, service)
       AND inventory = coalesce(?, inventory) ORDER BY started_at DESC, rowid DESC LIMIT ?`,
    )
    .all(filter.service ?? null, filter.inventory ?? null, filter.limit ?? -1);
  return rows.map(summaryOf);
}

export function readDeployment(db: DatabaseSync, id: string): DeploymentSummary | undefined {
  const row = db.prepare('SELECT * FROM deployments WHERE id = ? AND started_at IS NOT NULL').get(id);
  return row === undefined ? undefined : summaryOf(row);
}

/** An older one is not given: what came after it has taken its hosts further. */
export function unfinishedDeployment(
  db: DatabaseSync,
  service: string,
  inventory: string,
): DeploymentSummary | undefined {
  const [latest] = readDeployments(db, { limit: 1, service, inventory });
  return latest?.outcome === undefined || latest.outcome === 'interrupted' ? latest : undefined;
}

function summaryOf(row: Row): DeploymentSummary {
  const outcome = optionalText(row, 'outcome');
  const took = optionalInteger(row, 'took');
  return {
    id: text(row, 'id'),
    service: text(row, 'service'),
    inventory: text(row, 'inventory'),
    startedAt: text(row, 'started_at'),
    actor: text(row, 'actor'),
    from: text(row, 'from_id'),
    to: text(row, 'to_id'),
    label: text(row, 'label'),
    hosts: integer(row, 'hosts'),
    instances: integer(row, 'instances'),
    ...(outcome === undefined ? {} : { outcome: outcome as Outcome }),
    cause: text(row, 'cause'),
    ...(took === undefined ? {} : { took }),
    events: integer(row, 'events'),
    lastAt: text(row, 'last_at'),
  };
}
