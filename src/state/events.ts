import type { DatabaseSync } from 'node:sqlite';
import type { Event, EventBody } from '../model/event.ts';
import { canonicalJson } from '../util/digest.ts';
import { type Link, linkHash, verifyLinks } from './chain.ts';
import { projectEvent } from './deployments.ts';
import { StateError } from './errors.ts';
import type { ChainReport } from './port.ts';
import { integer, type Row, text } from './rows.ts';
import { transaction } from './sqlite.ts';

/** Writes the event, its link in the chain and the line of the history in one durable transaction. */
export function appendEvent(
  db: DatabaseSync,
  deployment: string,
  body: EventBody,
  t: number,
  now: () => Date,
): Event {
  return transaction(db, () => {
    const at = now().toISOString();
    if (body.type === 'deployment.started') adopt(db, deployment, body.service, body.inventory, at);
    const known = db.prepare('SELECT events FROM deployments WHERE id = ?').get(deployment);
    if (known === undefined) throw unknownDeployment(deployment);
    const event: Event = { v: 1, seq: integer(known, 'events') + 1, at, t, deployment, ...body };
    const json = canonicalJson(event);
    const prev = newest(db)?.hash ?? '';
    db.prepare('INSERT INTO events (deployment, seq, json, prev, hash) VALUES (?, ?, ?, ?, ?)').run(
      deployment,
      event.seq,
      json,
      prev,
      linkHash(prev, json),
    );
    projectEvent(db, event);
    return event;
  });
}

export function readEvents(db: DatabaseSync, deployment: string): Event[] {
  const rows = db.prepare('SELECT json FROM events WHERE deployment = ? ORDER BY seq').all(deployment);
  return rows.map((row) => JSON.parse(text(row, 'json')) as Event);
}

export function head(db: DatabaseSync): { readonly n: number; readonly hash: string } {
  return newest(db) ?? { n: 0, hash: '' };
}

export function eventHash(db: DatabaseSync, n: number): string | undefined {
  const row = db.prepare('SELECT hash FROM events WHERE n = ?').get(n);
  return row === undefined ? undefined : text(row, 'hash');
}

/** Of one deployment when it is named; its links are still compared with their neighbours of others. */
export function verifyChain(db: DatabaseSync, deployment?: string): ChainReport {
  const numbered = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get();
  const report = verifyLinks(links(db), numbered === undefined ? 0 : integer(numbered, 'seq'));
  if (deployment === undefined) return report;
  const count = db.prepare('SELECT count(*) AS c FROM events WHERE deployment = ?').get(deployment) ?? {};
  const problems = report.problems.filter((p) => p.deployment === deployment || p.deployment === '');
  return { ok: problems.length === 0, events: integer(count, 'c'), head: report.head, problems };
}

export function unknownDeployment(id: string): StateError {
  return new StateError('PD5007', `no deployment ${id} in this project`, {
    hint: 'pdeploy history lists them',
  });
}

function* links(db: DatabaseSync): Iterable<Link> {
  for (const row of db.prepare('SELECT * FROM events ORDER BY n').iterate()) yield linkOf(row);
}

function linkOf(row: Row): Link {
  return {
    n: integer(row, 'n'),
    deployment: text(row, 'deployment'),
    seq: integer(row, 'seq'),
    json: text(row, 'json'),
    prev: text(row, 'prev'),
    hash: text(row, 'hash'),
  };
}

function newest(db: DatabaseSync): { readonly n: number; readonly hash: string } | undefined {
  const row = db.prepare('SELECT n, hash FROM events ORDER BY n DESC LIMIT 1').get();
  return row === undefined ? undefined : { n: integer(row, 'n'), hash: text(row, 'hash') };
}

function adopt(db: DatabaseSync, id: string, service: string, inventory: string, at: string): void {
  db.prepare(
    'INSERT INTO deployments (id, service, inventory, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ).run(id, service, inventory, at);
}
