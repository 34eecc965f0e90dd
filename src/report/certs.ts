import { line, type Span, type Style, tone } from './style.ts';
import { table } from './table.ts';

/** One certificate where it is served, in words and numbers. */
export type CertificateRow = {
  readonly host: string;
  readonly instance: string;
  readonly certificate: string;
  readonly address: string;
  readonly port: number;
  readonly server: string;
  readonly subject: string;
  readonly names: readonly string[];
  readonly issuer: string;
  /** `EC P-256`, `RSA 2048`. */
  readonly key: string;
  /** ISO 8601, UTC; '' when nothing was seen. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly daysLeft: number;
  /** 0 to 1; more when it has expired. */
  readonly lifeUsed: number;
  /** sha256 of what is served, '' when nothing is. */
  readonly served: string;
  /** sha256 of the file in the release, '' when there is none. */
  readonly file: string;
  readonly protocol: string;
  readonly level: 'good' | 'renew' | 'warn' | 'critical';
  readonly note: string;
};

const TONES = { good: 'ok', renew: 'run', warn: 'warn', critical: 'bad' } as const;

/** A line for each place; what there is to say of one follows below, never cut. */
export function certsTable(rows: readonly CertificateRow[], style: Style): string {
  const several = new Set(rows.map((row) => row.certificate)).size > 1;
  const header = ['HOST', 'SERVED', 'STATE', 'DAYS', 'USED', 'SHA256', 'KEY', 'ISSUER'];
  const body = table(
    header,
    rows.map((row): readonly Span[] => [
      `${row.host}@${row.instance}`,
      `${several ? `${row.certificate} ` : ''}${row.server}:${row.port}`,
      tone(row.level, TONES[row.level]),
      row.notAfter === '' ? '' : String(row.daysLeft),
      row.notAfter === '' ? '' : `${Math.round(row.lifeUsed * 100)}%`,
      (row.served || row.file).slice(0, 7),
      row.key,
      row.issuer,
    ]),
    style,
  );
  return [...body, ...notes(rows, style)].join('\n');
}

function notes(rows: readonly CertificateRow[], style: Style): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { host, instance, server, port, note } of rows) {
    if (note === '') continue;
    places.set(note, [...(places.get(note) ?? []), `${host}@${instance} ${server}:${port}`]);
  }
  return [...places].map(([note, where]) => {
    const [first = '', ...more] = where;
    return line([`${first}${more.length === 0 ? '' : ` and ${more.length} more`}: ${note}`], style);
  });
}

const METRICS: readonly (readonly [
  name: string,
  help: string,
  value: (row: CertificateRow) => number | undefined,
])[] = [
  [
    'pdeploy_cert_not_after_seconds',
    'End of the validity of the served certificate, seconds since the epoch.',
    (row) => (row.notAfter === '' ? undefined : Date.parse(row.notAfter) / 1_000),
  ],
  [
    'pdeploy_cert_life_used_ratio',
    'Share of the life of the served certificate that is over.',
    (row) => (row.notAfter === '' ? undefined : Number(row.lifeUsed.toFixed(4))),
  ],
  [
    'pdeploy_cert_served_matches_file',
    '1 when the certificate of the release is what is served.',
    (row) => (row.served !== '' && row.served === row.file ? 1 : 0),
  ],
  [
    'pdeploy_cert_good',
    '0 when somebody has to act: it is critical, not trusted, not served, or not the one of the release.',
    (row) => (row.level === 'critical' ? 0 : 1),
  ],
];

/** The text format of Prometheus, for a textfile collector. */
export function certsMetrics(rows: readonly CertificateRow[]): string {
  const lines = METRICS.flatMap(([name, help, value]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...rows.flatMap((row) => {
      const number = value(row);
      return number === undefined ? [] : [`${name}{${labels(row)}} ${number}`];
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

function labels({ host, instance, certificate, server, port }: CertificateRow): string {
  const all = { host, instance, certificate, server, port };
  return Object.entries(all)
    .map(([name, value]) => `${name}="${String(value).replace(/["\\\n]/g, '\\$&')}"`)
    .join(',');
}
