import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { linkHash } from '../../src/state/chain.ts';
import { planOf } from '../arbitraries/plan.ts';
import { started } from './bodies.ts';
import { tempDir, tempState } from './temp-state.ts';

function tamper(sql: string) {
  const dir = tempDir();
  const state = tempState(dir);
  const ids = ['a', 'b'].map(() => state.createDeployment(planOf(1)));
  for (const id of ids) state.appendEvent(id, started(), 0);
  for (let i = 0; i < 3; i++) {
    for (const id of ids) state.appendEvent(id, { type: 'note', level: 'info', text: `note ${i}` }, i);
  }
  const sound = state.verifyChain();
  const db = new DatabaseSync(join(dir, 'state.db'));
  db.exec(sql);
  db.close();
  return { sound, state, ids, report: state.verifyChain() };
}

describe('the chain', () => {
  it('holds for what was appended, and its head is the newest event', () => {
    const { sound, state } = tamper('SELECT 1');
    expect(sound).toMatchObject({ ok: true, events: 8, problems: [] });
    expect(state.head()).toEqual({ n: 8, hash: sound.head });
  });

  it.each([
    [
      'a changed text',
      `UPDATE events SET json = replace(json, 'note 1', 'note 9') WHERE n = 5`,
      'was changed',
    ],
    ['a changed hash', `UPDATE events SET hash = 'f00d' WHERE n = 5`, 'was changed'],
    ['an event taken out', 'DELETE FROM events WHERE n = 5', '1 events before it are missing'],
    ['the tail cut off', 'DELETE FROM events WHERE n > 6', 'the last 2 events are missing'],
    [
      'an event of another deployment',
      `UPDATE events SET deployment = (SELECT deployment FROM events WHERE n = 2), seq = 99 WHERE n = 5`,
      'another deployment',
    ],
    [
      'two events swapped',
      'UPDATE events SET n = -n WHERE n IN (5, 6); UPDATE events SET n = 11 + n WHERE n < 0',
      'does not follow',
    ],
    ['white space in a text', `UPDATE events SET json = json || ' ' WHERE n = 5`, 'was changed'],
  ])('shows %s', (_name, sql, what) => {
    const { report } = tamper(sql);
    expect(report.ok).toBe(false);
    expect(report.problems.map((p) => p.what).join('; ')).toContain(what);
  });

  it('shows an event that was forged with a right hash', () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    state.appendEvent(id, started(), 0);
    state.appendEvent(id, { type: 'note', level: 'info', text: 'true' }, 1);
    state.appendEvent(id, { type: 'note', level: 'info', text: 'last' }, 2);
    const db = new DatabaseSync(join(dir, 'state.db'));
    const row = db.prepare('SELECT json, prev FROM events WHERE n = 2').get();
    const forged = String(row?.json).replace('true', 'lies');
    db.prepare('UPDATE events SET json = ?, hash = ? WHERE n = 2').run(
      forged,
      linkHash(String(row?.prev), forged),
    );
    db.close();
    expect(state.verifyChain().problems).toEqual([
      { n: 3, deployment: id, seq: 3, what: 'it does not follow the event before it' },
    ]);
  });

  it('needs every later hash to be forged too: a hash covers the one before it', () => {
    const dir = tempDir();
    const state = tempState(dir);
    const id = state.createDeployment(planOf(1));
    state.appendEvent(id, started(), 0);
    for (const text of ['true', 'last']) state.appendEvent(id, { type: 'note', level: 'info', text }, 1);
    const db = new DatabaseSync(join(dir, 'state.db'));
    const row = db.prepare('SELECT json, prev, hash FROM events WHERE n = 2').get();
    expect(row?.hash).toBe(createHash('sha256').update(`${row?.prev}${row?.json}`).digest('hex'));
    const forged = String(row?.json).replace('true', 'lies');
    const hash = linkHash(String(row?.prev), forged);
    db.prepare('UPDATE events SET json = ?, hash = ? WHERE n = 2').run(forged, hash);
    db.prepare('UPDATE events SET prev = ? WHERE n = 3').run(hash);
    db.close();
    expect(state.verifyChain().problems).toEqual([
      { n: 3, deployment: id, seq: 3, what: 'its text was changed after it was written' },
    ]);
  });

  it('blames only the deployment that was asked for', () => {
    const { state, ids } = tamper(`UPDATE events SET json = replace(json, 'note 1', 'note 9') WHERE n = 5`);
    const [a = '', b = ''] = ids;
    expect(state.verifyChain(a)).toMatchObject({ ok: false, events: 4 });
    expect(state.verifyChain(b)).toMatchObject({ ok: true, events: 4 });
  });
});
