import { describe, expect, test } from 'vitest';
import { renderWarnings } from '../../src/config/problems.ts';
import { codesOf, hostOf, parse, valid } from './around.ts';

function cordonAt(now: string, until: string) {
  return hostOf(
    valid(`hosts: { h: { cordon: { reason: disk, until: ${until} } } }`, { now: new Date(now) }),
    'h',
  ).cordon;
}

describe('cordon', () => {
  test('holds up to the last moment of its last day, in UTC', () => {
    const cordon = { reason: 'disk', until: '2026-12-01' };
    expect(cordonAt('2026-11-22T00:00:00Z', '2026-12-01')).toEqual(cordon);
    expect(cordonAt('2026-12-01T23:59:59.999Z', '2026-12-01')).toEqual(cordon);
    expect(cordonAt('2026-12-02T00:00:00Z', '2026-12-01')).toBeUndefined();
    expect(cordonAt('2026-12-01T20:00:00-08:00', '2026-12-01')).toBeUndefined();
  });

  test('without an end it holds for ever', () => {
    const inventory = valid('hosts: { h: { cordon: { reason: disk } } }', { now: new Date('2999-01-01') });
    expect(hostOf(inventory, 'h').cordon).toEqual({ reason: 'disk' });
  });

  test('an ended one is ignored with a note, once for a range of hosts', () => {
    const result = parse('hosts:\n  "h[1:3]":\n    cordon: { reason: disk, until: 2026-11-21 }\n');
    expect(
      result.ok && renderWarnings(result.warnings),
    ).toBe(`note PD2050: the cordon of h[1:3] (disk) ended on 2026-11-21 and is ignored
  prod.yaml:3:36  hosts.h[1:3].cordon.until
    3 |     cordon: { reason: disk, until: 2026-11-21 }
      |                                    ^^^^^^^^^^ remove it
`);
  });

  test.each(['2026-02-29', '2026-13-01', '26-12-01', '2026-12-01T00:00:00Z', 'tomorrow', '20261201'])(
    '%s is not a day',
    (until) => {
      expect(codesOf(`hosts: { h: { cordon: { reason: disk, until: ${until} } } }`)).toEqual(['PD2015']);
    },
  );

  test('needs a reason', () => {
    expect(codesOf('hosts: { h: { cordon: {} } }')).toEqual(['PD2016']);
    expect(codesOf('hosts: { h: { cordon: { reason: "" } } }')).toEqual(['PD2015']);
  });
});
