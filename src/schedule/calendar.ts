import { createHash } from 'node:crypto';
import { parseDuration } from '../util/duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTES = [1, 2, 5, 10, 15, 20, 30];
const HOURS = [1, 2, 3, 4, 6, 8, 12];

/** When a job runs. Both forms say the same, but that cron knows no seconds. */
export type Calendar = {
  /** Of systemd.time(7). */
  readonly onCalendar: string;
  /** The first five fields of crontab(5). */
  readonly cron: string;
  /** Spread, in seconds: a twentieth of the interval, at most ten minutes. */
  readonly spreadSec: number;
};

export const EVERY_RULE = `${MINUTES.map((n) => `${n}m`).join(', ')}, ${HOURS.map((n) => `${n}h`).join(', ')}, 1d or 7d`;

/**
 * Times at equal distance, where the key decides which: two jobs, or two controllers, do not meet, and each keeps its times.
 * @returns undefined for an interval that a clock cannot tell
 */
export function calendarOf(every: string, key: string): Calendar | undefined {
  const interval = parseDuration(every);
  if (interval === undefined) return undefined;
  const offset = createHash('sha256').update(key).digest().readUIntBE(0, 6) % interval;
  const second = Math.floor(offset / 1_000) % 60;
  const minute = Math.floor(offset / MINUTE) % 60;
  const hour = Math.floor(offset / HOUR) % 24;
  const spreadSec = Math.min(600, Math.floor(interval / 20_000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const at = `${two(minute)}:${two(second)}`;
  if (MINUTES.includes(interval / MINUTE)) {
    const step = interval / MINUTE;
    const minutes = times(60, step, minute % step);
    return {
      onCalendar: `*-*-* *:${minutes.map(two).join(',')}:${two(second)}`,
      cron: `${minutes.join(',')} * * * *`,
      spreadSec,
    };
  }
  if (HOURS.includes(interval / HOUR)) {
    const step = interval / HOUR;
    const hours = times(24, step, hour % step);
    return {
      onCalendar: `*-*-* ${hours.map(two).join(',')}:${at}`,
      cron: `${minute} ${hours.join(',')} * * *`,
      spreadSec,
    };
  }
  if (interval === DAY)
    return { onCalendar: `*-*-* ${two(hour)}:${at}`, cron: `${minute} ${hour} * * *`, spreadSec };
  if (interval !== 7 * DAY) return undefined;
  const day = Math.floor(offset / DAY);
  return {
    onCalendar: `${WEEKDAYS[day]} *-*-* ${two(hour)}:${at}`,
    cron: `${minute} ${hour} * * ${(day + 1) % 7}`,
    spreadSec,
  };
}

function times(end: number, step: number, first: number): readonly number[] {
  return Array.from({ length: end / step }, (_, n) => first + n * step);
}
