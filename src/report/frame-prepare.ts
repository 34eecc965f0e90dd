import { type Layout, nameColumn, type Row, row } from './layout.ts';
import type { HostView, View } from './view.ts';
import { count, names, seconds, size } from './words.ts';

/** One line for all hosts, and one for each that failed or was left out. */
export function prepareRows(view: View, options: Layout, most: number): readonly Row[] {
  const hosts = [...view.hosts.values()];
  const out = hosts.filter((host) => ['failed', 'skipped', 'deferred'].includes(host.phase));
  const first = [summaryRow(view, hosts, options)];
  const shown = out.length > most - 1 ? out.slice(0, Math.max(0, most - 2)) : out;
  const width = nameColumn(shown.map((host) => host.host));
  const rows: Row[] = shown.map((host) => leftOutRow(host, options, width));
  const hidden = out.length - shown.length;
  if (hidden > 0 && most > 1)
    rows.push(row({ label: '', name: `and ${hidden} more hosts left out` }, options));
  return [...first, ...rows];
}

function summaryRow(view: View, hosts: readonly HostView[], options: Layout): Row {
  const label = 'prepare';
  const done = hosts.filter((host) => host.phase === 'done');
  const running = hosts.filter((host) => host.phase === 'running');
  const failed = hosts.filter((host) => host.phase === 'failed');
  const total = Math.max(view.totalHosts, hosts.length);
  if (failed.length > 0) {
    return row(
      { glyph: 'failed', label, name: `failed on ${count(failed.length, 'host')} of ${total}` },
      options,
    );
  }
  if (view.prepared || (view.finished !== undefined && done.length > 0)) {
    const sent = done.reduce((sum, host) => sum + host.bytesSent, 0);
    const slowest = done.reduce((most, host) => Math.max(most, host.ms), 0);
    const name = `${count(done.length, 'host')} staged and verified (${size(sent)} sent, ${seconds(slowest)})`;
    return row({ glyph: 'done', label, name }, options);
  }
  if (hosts.length === 0) return row({ glyph: 'waiting', label, name: count(total, 'host') }, options);
  const what = names(running.map((host) => host.host));
  return row({ glyph: 'running', label, name: `${done.length} of ${count(total, 'host')}`, what }, options);
}

function leftOutRow(host: HostView, options: Layout, width: number): Row {
  const label = host.phase === 'failed' ? '' : host.phase;
  return row(
    {
      glyph: host.phase === 'failed' ? 'failed' : 'warning',
      label,
      name: host.host,
      what: host.why === '' ? host.phase : host.why,
    },
    options,
    width,
  );
}

/** The newest warnings, and who has taken the lease over. */
export function warningRows(view: View, options: Layout, most: number): readonly Row[] {
  const rows: Row[] = [];
  if (view.leaseLostTo !== undefined) {
    const name = view.leaseLostTo === '' ? 'gone' : `taken over by ${view.leaseLostTo}`;
    rows.push(row({ glyph: 'failed', label: 'lease', name }, options));
  }
  for (const warning of view.warnings.slice(rows.length - most)) {
    const text = warning.host === undefined ? warning.text : `${warning.host}: ${warning.text}`;
    rows.push(row({ glyph: 'warning', label: 'warning', name: text }, options));
  }
  return rows.slice(0, most);
}
