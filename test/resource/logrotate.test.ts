import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LogrotateOptions, logrotate } from '../../src/resource/logrotate.ts';

const has = spawnSync('/usr/sbin/logrotate', ['--version']).status === 0;

test('rotates by copying and cutting short, without a signal', () => {
  expect(logrotate({ files: ['/var/log/edge/*.log'], user: 'edge' })).toEqual({
    type: 'logrotate',
    id: 'logrotate',
    text: `/var/log/edge/*.log {
    su root edge
    daily
    rotate 7
    maxsize 100M
    copytruncate
    missingok
    notifempty
    compress
    delaycompress
}
`,
  });
});

test('there is nothing to rotate in the journal', () => {
  expect(logrotate({ to: 'journald' })).toBeUndefined();
});

test.each<[unknown, string]>([
  [
    { files: ['/var/log/a b.log'], user: 'edge' },
    'logrotate(): files.0: "/var/log/a b.log" holds characters that mean something to logrotate',
  ],
  [
    { files: ['logs/*.log'], user: 'edge' },
    'logrotate(): files.0: expected an absolute path, got "logs/*.log"',
  ],
  [{ files: ['/x'], user: 'edge', maxsize: '1 GB' }, 'logrotate(): maxsize: expected a size such as "100M"'],
  [{ files: ['/x'], user: 'edge', postrotate: 'kill' }, 'logrotate(): unknown key "postrotate"'],
])('%j is refused', (options, message) => {
  expect(() => logrotate(options as LogrotateOptions)).toThrow(expect.objectContaining({ message }));
});

describe.skipIf(!has)('logrotate itself', () => {
  const options = [
    { every: 'hourly', writer: 'service', maxsize: '5k', rotate: 0 },
    { every: 'weekly', compress: false },
    { every: 'monthly', maxsize: '2G', rotate: 30 },
    {},
  ] as const;

  test.each(options)('understands %j', (one) => {
    const said = dryRun(
      logrotate({ files: ['/nonexistent/pdeploy/*.log', '/nonexistent/b.log'], user: 'daemon', ...one })
        ?.text ?? '',
    );
    expect(said).toContain('Handling 1 logs');
    expect(said).not.toMatch(/error|warning: (?!logrotate in debug mode)/i);
  });

  test('and complains about what it does not', () => {
    expect(dryRun('/nonexistent/*.log {\n  copytruncat\n}\n')).toMatch(/error/i);
  });
});

function dryRun(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-logrotate-'));
  try {
    writeFileSync(join(dir, 'config'), text, { mode: 0o644 });
    return spawnSync('/usr/sbin/logrotate', ['-d', '-s', join(dir, 'state'), join(dir, 'config')], {
      encoding: 'utf8',
    }).stderr;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
