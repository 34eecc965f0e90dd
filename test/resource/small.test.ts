import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineResource } from '../../src/resource/define-resource.ts';
import { portOf } from '../../src/resource/port-of.ts';
import { changeDiff, unifiedDiff } from '../../src/resource/text-diff.ts';
import { specifier, unit, variable } from '../../src/resource/unit/text.ts';
import { aHost } from './sample.ts';

describe('portOf', () => {
  const [instance] = aHost({
    instances: { '1': { port: 6188, admin_port: '6190', other: 70_000 } },
  }).instances;
  if (instance === undefined) throw new Error('no instance');

  test('gives a number', () => {
    expect(portOf(instance, 'port')).toBe(6188);
  });

  test.each([
    ['admin_port', 'admin_port of edge-01@1: expected a port from 1 to 65535, got "6190"'],
    ['other', 'other of edge-01@1: expected a port from 1 to 65535, got 70000'],
    ['metrics_port', 'metrics_port of edge-01@1 is not set'],
  ])('of %s says why not', (name, message) => {
    expect(() => portOf(instance, name)).toThrow(expect.objectContaining({ code: 'PD2135', message }));
  });
});

describe('text for units', () => {
  test('keeps what is literal apart from what systemd fills in', () => {
    expect(unit`/run/%i/${'%i'}/${5}%%`.parts).toEqual([
      { kind: 'literal', text: '/run/' },
      { kind: 'specifier', text: '%i' },
      { kind: 'literal', text: '/' },
      { kind: 'literal', text: '%i' },
      { kind: 'literal', text: '/' },
      { kind: 'literal', text: '5' },
      { kind: 'literal', text: '%' },
    ]);
  });

  test.each([
    () => unit`100% sure`,
    () => unit`ends in %`,
    () => specifier('%%'),
    () => specifier('%ii'),
    () => specifier('i' as never),
  ])('refuses a specifier that is none: %#', (make) => {
    expect(make).toThrow(/is not a specifier of systemd/);
  });

  test('does not turn into plain text by accident', () => {
    const text = unit`/run/%i`;
    expect(() => `${text}`).toThrow(expect.objectContaining({ code: 'PD2133' }));
    expect(() => variable('A B')).toThrow(expect.objectContaining({ code: 'PD2133' }));
  });
});

describe("a kind of one's own", () => {
  const zone = defineResource({
    kind: 'time-zone',
    schema: z.strictObject({ zone: z.string(), dst: z.boolean().default(true) }),
    phase: 'prepare',
    describe: (d) => d.zone,
    queries: (_, id) => [{ kind: 'path', id, path: '/etc/timezone', text: true }],
    diff: (d, [now]) =>
      now?.kind === 'path' && now.text === d.zone ? [] : [{ field: 'zone', from: '', to: d.zone }],
    ops: () => [],
  });

  test('gives steps with checked options and defaults', () => {
    expect(zone('utc', { zone: 'Etc/UTC' })).toMatchObject({
      type: 'resource',
      id: 'time-zone:utc',
      desired: { zone: 'Etc/UTC', dst: true },
      resource: { kind: 'time-zone', phase: 'prepare' },
    });
    expect(() => zone('utc', { zones: 'x' } as never)).toThrow(
      'time-zone(): zone: is not set (string)\ntime-zone(): unknown key "zones", did you mean "zone"?',
    );
    expect(() => zone('a b', { zone: 'x' })).toThrow(
      'time-zone(): the name must be 1 to 200 characters without spaces',
    );
  });

  test('needs a name and all its functions', () => {
    expect(() => defineResource({ kind: 'Time Zone' } as never)).toThrow(
      'defineResource(): kind "Time Zone" is not a name such as "time-zone": a-z, 0-9 and -',
    );
    expect(() => defineResource({ kind: 'x', describe: () => '' } as never)).toThrow(
      'defineResource(): queries: is not set (function)',
    );
  });
});

describe('diffs', () => {
  test('of texts', async () => {
    expect(await unifiedDiff('/etc/motd', 'a\nb\nc\n', 'a\nB\nc\n', ['now', 'after'])).toBe(
      '--- /etc/motd (now)\n+++ /etc/motd (after)\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n',
    );
    expect(await unifiedDiff('x', 'same', 'same', ['a', 'b'])).toBe('');
  });

  test('of changes; a secret shows fingerprints only', async () => {
    expect(await changeDiff('/etc/key', [{ field: 'content', from: '5be1', to: '90d3', secret: true }])).toBe(
      ' /etc/key: <secret, changed 5be1 -> 90d3>\n',
    );
    expect(await changeDiff('/etc/x', [{ field: 'mode', from: '0600', to: '0644' }])).toBeUndefined();
    expect(await changeDiff('/etc/x', [{ field: 'content', from: '', to: 'a\n' }])).toContain('+a\n');
  });
});
