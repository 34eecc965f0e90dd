import type { DatabaseSync } from 'node:sqlite';
import { StateError } from './errors.ts';
import type { Runner } from './port.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { integer, type Row, text } from './rows.ts';
import { transaction } from './sqlite.ts';

export function startRunning(db: DatabaseSync, deployment: string, now: Date): void {
  transaction(db, () => {
    const other = readRunner(db, deployment);
    const me = ownIdentity();
    const mine = other?.pid === me.pid && other.startTime === me.startTime && other.bootId === me.bootId;
    if (other?.alive === 'yes' && !mine) {
      throw new StateError('PD5008', `${deployment} is being performed by process ${other.pid} right now`, {
        hint: 'wait for it, or pause or abort it: pdeploy pause, pdeploy abort',
      });
    }
    db.prepare(
      `INSERT OR REPLACE INTO runners (deployment, pid, hostname, boot_id, start_time, since)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ).run(deployment, me.pid, me.hostname, me.bootId, me.startTime, now.toISOString());
  });
}

export function readRunner(db: DatabaseSync, deployment: string): Runner | undefined {
  const row = db.prepare('SELECT * FROM runners WHERE deployment = ?').get(deployment);
  return row === undefined ? undefined : runnerOf(row);
}

export function readRunners(db: DatabaseSync): Runner[] {
  return db.prepare('SELECT * FROM runners ORDER BY since').all().map(runnerOf);
}

export function stopRunning(db: DatabaseSync, deployment: string): void {
  db.prepare('DELETE FROM runners WHERE deployment = ?').run(deployment);
}

function runnerOf(row: Row): Runner {
  const who = {
    pid: integer(row, 'pid'),
    hostname: text(row, 'hostname'),
    bootId: text(row, 'boot_id'),
    startTime: text(row, 'start_time'),
  };
  return { deployment: text(row, 'deployment'), ...who, since: text(row, 'since'), alive: isAlive(who) };
}
