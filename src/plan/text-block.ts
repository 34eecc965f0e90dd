/** Columns of a terminal that everything is shown on. */
export const WIDTH = 80;

/** `  label  text`, the text broken at spaces and kept in its column. */
export function row(label: string, text: string, column: number): readonly string[] {
  const indent = ' '.repeat(column);
  const lines = wrap(text, WIDTH - column);
  const head = `  ${label}`.padEnd(column);
  return lines.map((line, n) =>
    n === 0
      ? `${head.length >= column && !head.endsWith(' ') ? `${head} ` : head}${line}`
      : `${indent}${line}`,
  );
}

/** Words longer than the width stay whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The first few of a list, and how many more there are. */
export function few(items: readonly string[], most = 4): string {
  if (items.length <= most + 1) return items.join(', ');
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
}

export function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

/** Decimal units, as of files: `36.7 MB`. */
export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`;
  const [size, unit] =
    n < 1_000_000 ? [n / 1_000, 'kB'] : n < 1_000_000_000 ? [n / 1_000_000, 'MB'] : [n / 1_000_000_000, 'GB'];
  return `${size.toFixed(1)} ${unit}`;
}

/** `10 s`, `2 min`, `1.5 min`, `3 h`: for limits, which are round numbers. */
export function span(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 120) return `${seconds} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${trim(minutes)} min` : `${trim(minutes / 60)} h`;
}

function trim(n: number): string {
  return String(Math.round(n * 10) / 10);
}
