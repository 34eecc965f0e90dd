import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import * as api from '../../src/index.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';
import { unitText } from '../../src/model/unit-text.ts';
import { renderUnit } from '../../src/resource/unit/section.ts';
import { payloads } from './payloads.ts';
import { aHost } from './sample.ts';

const COUNT = 5_000;
const TEXTS = [...payloads(COUNT, '/tmp/pwn-'), '/etc/x\0', 'a\0b'];

/** Nothing here means anything to a shell, systemd, tmpfiles.d, sysusers.d or logrotate. */
const PLAIN = /^[A-Za-z0-9._@:+,=/~*?-]*$/;
/** As of a path and of a word of HTTP: no blank, nothing outside of ASCII. */
const ONE_WORD = /^[\x21-\x7e]+$/;
/** As of the comment of an account. */
const QUOTABLE = /^[ !#-9;-[\]-~]*$/;
const NUMBER = /^\d+[kMG]?$/;

type Field = { readonly field: string; readonly make: (text: string) => unknown; readonly safe: RegExp };

const FIELDS: readonly Field[] = [
  { field: 'user() name', make: (v) => api.user({ name: v }), safe: PLAIN },
  { field: 'user() home', make: (v) => api.user({ name: 'a', home: v }), safe: PLAIN },
  { field: 'user() shell', make: (v) => api.user({ name: 'a', shell: `/${v}` }), safe: PLAIN },
  { field: 'user() comment', make: (v) => api.user({ name: 'a', comment: v }), safe: QUOTABLE },
  { field: 'directory() path', make: (v) => api.directory({ path: `/${v}` }), safe: PLAIN },
  { field: 'directory() owner', make: (v) => api.directory({ path: '/a', owner: v }), safe: PLAIN },
  { field: 'directory() mode', make: (v) => api.directory({ path: '/a', mode: v }), safe: NUMBER },
  { field: 'file() path', make: (v) => api.file({ path: `/${v}`, content: '' }), safe: PLAIN },
  { field: 'file() group', make: (v) => api.file({ path: '/a', content: '', group: v }), safe: PLAIN },
  { field: 'absent() path', make: (v) => api.absent({ path: `/${v}` }), safe: PLAIN },
  {
    field: 'command() name',
    make: (v) => api.command({ name: v, argv: ['a'], unless: ['b'], irreversible: 'c' }),
    safe: PLAIN,
  },
  { field: 'sysctl() key', make: (v) => api.sysctl({ [v]: 1 }), safe: PLAIN },
  { field: 'sysctl() value', make: (v) => api.sysctl({ 'net.a': v }), safe: /^[A-Za-z0-9 ._-]+$/ },
  { field: 'logrotate() files', make: (v) => api.logrotate({ files: [`/${v}`], user: 'a' }), safe: PLAIN },
  { field: 'logrotate() user', make: (v) => api.logrotate({ files: ['/a'], user: v }), safe: PLAIN },
  {
    field: 'logrotate() maxsize',
    make: (v) => api.logrotate({ files: ['/a'], user: 'a', maxsize: v }),
    safe: NUMBER,
  },
  { field: 'release() binary', make: (v) => api.release({ binary: v, from: 'a' }), safe: PLAIN },
  {
    field: 'release() file',
    make: (v) => api.release({ binary: 'a', from: 'a', files: [{ path: `config/${v}`, content: '' }] }),
    safe: PLAIN,
  },
  { field: 'http() path', make: (v) => api.http({ port: 1, path: `/${v}` }), safe: ONE_WORD },
  { field: 'http() hostHeader', make: (v) => api.http({ port: 1, hostHeader: v }), safe: ONE_WORD },
  { field: 'systemdUnit() user', make: (v) => api.systemdUnit({ user: v, exec: ['/a'] }), safe: PLAIN },
  {
    field: 'systemdUnit() group',
    make: (v) => api.systemdUnit({ user: 'a', group: v, exec: ['/a'] }),
    safe: PLAIN,
  },
  { field: 'a drop-in', make: (v) => dropIn(v), safe: PLAIN },
  {
    field: 'a variable of a unit',
    make: (v) => renderUnit({ service: { Environment: { [v]: 'x' } } }),
    safe: PLAIN,
  },
  {
    field: 'a credential',
    make: (v) => renderUnit({ service: { LoadCredential: { [v]: '/x' } } }),
    safe: PLAIN,
  },
  { field: 'a key of a unit', make: (v) => renderUnit({ service: { [v]: 'x' } as never }), safe: PLAIN },
];

function dropIn(name: string): unknown {
  const draft = api.systemdUnit({ user: 'a', exec: ['/a'], dropIns: [{ name }] });
  const host = aHost();
  const paths = { root: '/', current: unitText([{ kind: 'literal', text: '/run' }]) };
  const ctx = { host, instances: host.instances, service: 'edge', label: 'v1', vars: {}, secrets: {}, paths };
  return draft.make(ctx, { strategy: DEFAULT_STRATEGY, stopTimeoutMs: 1 });
}

function accepted(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

describe('of 5,000 hostile texts', () => {
  test.each(FIELDS)('each is refused as $field, unless it means nothing to anybody', ({ make, safe }) => {
    const taken = TEXTS.filter((text) => accepted(() => make(text)));
    expect(taken.filter((text) => !safe.test(text))).toEqual([]);
    expect(taken.length).toBeLessThan(TEXTS.length / 2);
  });

  test.each([
    ['an argument', (v: string) => renderUnit({ service: { ExecStart: [['/bin/a', v]] } })],
    ['a variable', (v: string) => renderUnit({ service: { Environment: { A: v } } })],
    ['a description', (v: string) => renderUnit({ unit: { Description: v } })],
    ['a path', (v: string) => renderUnit({ service: { ReadWritePaths: [`/${v}`] } })],
    ['a word of one’s own', (v: string) => renderUnit({ service: { 'X-Note': v } })],
  ] as const)('none adds a line to a unit as %s', (_, make) => {
    const plain = make('x').split('\n').length;
    let taken = 0;
    for (const text of TEXTS) {
      if (!accepted(() => make(text))) continue;
      taken += 1;
      expect(make(text).split('\n').length).toBe(plain);
    }
    expect(taken).toBeGreaterThan(100);
  });
});
