import { describe, expect, it } from 'vitest';
import { historyTable } from '../../src/report/history.ts';
import { lockTable } from '../../src/report/lock.ts';
import { releasesTable } from '../../src/report/releases.ts';
import { type Status, type StatusRow, statusTable } from '../../src/report/status.ts';
import { NEW, OLD } from '../arbitraries/plan.ts';

const STYLE = { unicode: true, color: false, columns: 120 };
const NOW = new Date(2026, 10, 22, 23, 13);
const MIN = 60_000;
const DAY = 86_400_000;

function row(host: string, over: Partial<StatusRow> = {}): StatusRow {
  return { host, instance: '1', release: NEW, health: 'healthy', sinceMs: 6 * MIN, note: '', ...over };
}

function status(rows: readonly StatusRow[]): Status {
  const at = new Date(2026, 10, 22, 23, 7).toISOString();
  return {
    service: 'edge',
    inventory: 'prod',
    release: NEW,
    label: '9b7e01d',
    mark: 'proven',
    at,
    by: 'by ops'.slice(3),
    rows,
  };
}

const ODD = row('edge-07', { release: OLD, sinceMs: 3 * DAY, note: 'cordoned: disk, until 2026-12-01' });

describe('status', () => {
  it('shows every instance of a small fleet', async () => {
    const text = statusTable(status([row('edge-01'), row('edge-01', { instance: '2' }), ODD]), NOW, STYLE);
    await expect(`${text}\n`).toMatchFileSnapshot('golden/status.txt');
  });

  it('folds the hosts that agree when there are more than a screen, and shows each that differs', async () => {
    const many = Array.from({ length: 198 }, (_, i) => row(`edge-${i + 1}`));
    const sick = row('edge-9', { health: 'unhealthy', note: 'readyz answered 503', sinceMs: 1_000 });
    const text = statusTable(
      { ...status([...many, ODD, sick]), unreachable: [{ host: 'edge-200', why: 'connection timed out' }] },
      NOW,
      STYLE,
    );
    expect(text.split('\n').length).toBeLessThan(10);
    await expect(`${text}\n`).toMatchFileSnapshot('golden/status-folded.txt');
  });

  it('tells a first installation from a release', () => {
    const text = statusTable(
      { ...status([row('edge-01', { release: '', health: 'stopped' })]), release: '', mark: '' },
      NOW,
      STYLE,
    );
    expect(text).toContain('release none');
    expect(text).toContain('0 of 1 healthy');
  });
});

describe('history', () => {
  const done = {
    id: 'd-20261119-0910-p7',
    startedAt: new Date(NOW.getTime() - 3 * DAY).toISOString(),
    actor: 'ci',
    from: 'c0ffee1',
    to: OLD,
    label: 'v1.4.2',
    instances: 20,
    outcome: 'succeeded' as const,
    cause: '',
    took: 302_000,
  };

  it('tells how each deployment ended', async () => {
    const { outcome: _, took: __, ...open } = done;
    const rows = [
      { ...open, running: true, startedAt: NOW.toISOString() },
      {
        ...done,
        id: 'd-20261122-2301-k3',
        actor: 'ops',
        from: OLD,
        to: NEW,
        label: '9b7e01d',
        outcome: 'rolled-back' as const,
        cause: 'edge-03@1 not healthy',
        took: 151_000,
        startedAt: new Date(NOW.getTime() - 5 * MIN).toISOString(),
      },
      done,
      { ...done, outcome: 'failed' as const, cause: 'edge-05@1 could not be taken back' },
      { ...done, outcome: 'unchanged' as const, took: 900 },
      open,
    ];
    await expect(`${historyTable(rows, NOW, STYLE)}\n`).toMatchFileSnapshot('golden/history.txt');
  });

  it('cuts the outcome, not the table, on a narrow terminal', () => {
    const cause = 'edge-03@1 was not healthy within 120 s '.repeat(5);
    const text = historyTable([{ ...done, outcome: 'rolled-back', cause }], NOW, { ...STYLE, columns: 100 });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).toContain('5m02s');
    expect(text).toContain('…');
  });
});

describe('releases', () => {
  it('tells proven from bad and why', async () => {
    const rows = [
      {
        id: NEW,
        label: 'v2',
        savedAt: new Date(NOW.getTime() - 5 * MIN).toISOString(),
        mark: 'bad' as const,
        markedBy: 'ops',
        reason: 'edge-03@1 not healthy',
        digests: new Map([['edge-03', 'x']]),
      },
      {
        id: OLD,
        label: 'v1',
        savedAt: new Date(NOW.getTime() - 3 * DAY).toISOString(),
        mark: 'proven' as const,
        markedBy: 'ci',
        digests: new Map(),
      },
    ];
    await expect(`${releasesTable(rows, NOW, STYLE)}\n`).toMatchFileSnapshot('golden/releases.txt');
  });
});

describe('lock status', () => {
  it('tells who holds what, and until when', async () => {
    const rows = [
      { host: 'edge-01', holder: '', deployment: '', epoch: 7, manual: false, reason: '' },
      {
        host: 'edge-02',
        holder: 'ops@ctl',
        deployment: 'd-20261122-2301-k3',
        epoch: 8,
        expiresInMs: 83_000,
        manual: false,
        reason: '',
      },
      {
        host: 'edge-03',
        holder: 'ops@ctl',
        deployment: 'manual',
        epoch: 9,
        manual: true,
        reason: 'disk being replaced',
      },
    ];
    await expect(`${lockTable(rows, STYLE)}\n`).toMatchFileSnapshot('golden/lock.txt');
  });
});
