import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/errors.ts';
import { parsePlanFile, planFile } from '../../src/plan/plan-file.ts';
import { richPlan } from './rich.ts';

/** Written once, never again: a plan that somebody saved with the first version must be read for ever. */
const FROZEN = readFileSync(join(import.meta.dirname, 'fixtures/plan-v1.json'), 'utf8');

type Doc = { [key: string]: unknown };

function refusal(text: string): string {
  try {
    parsePlanFile(text);
  } catch (error) {
    if (error instanceof RefusedError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

function edited(change: (doc: Doc) => void): string {
  const doc = JSON.parse(FROZEN) as Doc;
  change(doc);
  return refusal(JSON.stringify(doc));
}

describe('a saved plan', () => {
  it('is read for ever', () => {
    const plan = parsePlanFile(FROZEN);
    expect(plan).toEqual(JSON.parse(FROZEN));
    expect(plan.hosts).toHaveLength(10);
    expect(plan.strategy.minHealthyPerDomain).toEqual({
      domain: 'zone',
      amount: { kind: 'percent', value: 75 },
    });
  });

  it('comes back as it was saved', () => {
    const plan = richPlan();
    expect(parsePlanFile(planFile(plan))).toEqual(plan);
    const warned = { ...plan, warnings: [{ code: 'PD2616', text: 'a warning' }] };
    expect(parsePlanFile(planFile(warned))).toEqual(warned);
  });

  it('of another version is refused, whatever else is in it', () => {
    expect(refusal('{"version":2}')).toBe('PD3002 this plan has version 2; this pdeploy reads version 1');
    expect(refusal('{"version":"1"}')).toBe('PD3002 this plan has version 1; this pdeploy reads version 1');
  });

  it('is told from what is no plan', () => {
    expect(refusal('hello')).toBe('PD3001 this is not a saved plan: it is not JSON');
    for (const text of ['null', '7', '[]', '{}'])
      expect(refusal(text)).toBe('PD3001 this is not a saved plan: it has no version');
  });

  it.each<readonly [string, (doc: Doc) => void]>([
    ['hosts: is absent', (d) => delete d.hosts],
    ['hosts: expected a list', (d) => (d.hosts = {})],
    ['extra: unknown key', (d) => (d.extra = 1)],
    ['id: expected a text', (d) => (d.id = 7)],
    ['release: expected an object', (d) => (d.release = [])],
    ['release.metadata.git: expected a text', (d) => ((d.release as Doc).metadata = { git: 7 })],
    ['strategy.canary: expected a whole number', (d) => ((d.strategy as Doc).canary = -1)],
    ['strategy.canary: expected a whole number', (d) => ((d.strategy as Doc).canary = 1.5)],
    ['strategy.promote: expected auto or manual', (d) => ((d.strategy as Doc).promote = 'later')],
    [
      'waves[0].canary: expected true or false',
      (d) => ((d.waves as Doc[])[0] = { number: 1, instances: [], canary: 'yes' }),
    ],
    ['hosts[1]: expected an object', (d) => ((d.hosts as unknown[])[1] = null)],
    ['the file: expected an object', () => undefined],
  ])('says where it is wrong: %s', (why, change) => {
    const got = why.startsWith('the file') ? refusal('[{"version":1}]') : edited(change);
    expect(got).toBe(
      why.startsWith('the file')
        ? 'PD3001 this is not a saved plan: it has no version'
        : `PD3001 this is not a saved plan: ${why}`,
    );
  });
});
