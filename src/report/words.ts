import { shortId } from '../model/release.ts';

/** `12.3 s`, `2 min 31 s`, `3 h 05 min`. */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `2:14`, `1:02:03`: a clock that runs. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(total / 3_600);
  const minutes = Math.floor((total % 3_600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** `1.2 MB`; powers of 1,000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1_000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1_000 ** step;
  return `${step === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[step] ?? 'B'}`;
}

/** `6 min`, `3 d`: one unit is enough to say how long something has been so. */
export function age(ms: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  for (const [step, unit] of steps) if (ms >= step) return `${Math.floor(ms / step)} ${unit}`;
  return `${Math.max(0, Math.floor(ms / 1_000))} s`;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`;
}

/** `edge-01, edge-02 and 3 more`. */
export function names(all: readonly string[], most = 4): string {
  if (all.length <= most + 1) return all.join(', ');
  return `${all.slice(0, most).join(', ')} and ${all.length - most} more`;
}

/** A release directory, its digest or a release id as people see it. */
export function shortRelease(text: string): string {
  return shortId(text.slice(text.lastIndexOf('/') + 1));
}

/** Where an instance is after it was taken back; there may have been nothing before. */
export function backOn(from: string): string {
  return from === '' ? 'removed again' : `back on ${shortRelease(from)}`;
}

/** `edge-01@1 was not healthy`, but `edge-01@1: connection refused`. */
export function about(who: string, message: string): string {
  return /^(was|is|did|has|had|could|cannot|does|went|runs|stayed)\b/.test(message)
    ? `${who} ${message}`
    : `${who}: ${message}`;
}

/** Local time of day of an event. */
export function timeOfDay(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '--:--:--';
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}
