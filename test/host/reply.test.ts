import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvidence } from '../../src/host/decode/evidence.ts';
import { countCpus, decodeFacts } from '../../src/host/decode/facts.ts';
import { decodeObservation } from '../../src/host/decode/observation.ts';
import { decodeSample, parseHttp } from '../../src/host/decode/sample.ts';
import { isTrailer, parseReply, printable } from '../../src/host/reply.ts';
import { decodeStatus } from '../../src/host/verbs/status.ts';

const b64 = (text: string) => Buffer.from(text).toString('base64');

describe('a reply', () => {
  test('ends with a trailer', () => {
    expect(parseReply('a\nb\npdeploy-end x-1 0 ok -\n', 'x-1')).toEqual({ kind: 'ok', lines: ['a', 'b'] });
    expect(parseReply(['a', 'pdeploy-end x-1 0 ok -'], 'x-1')).toEqual({ kind: 'ok', lines: ['a'] });
    expect(parseReply(`pdeploy-end x-1 1 held ${b64('by b')}\n`, 'x-1')).toEqual({
      kind: 'error',
      code: 'held',
      message: 'by b',
      lines: [],
    });
  });

  test.each([
    '',
    'a\n',
    'pdeploy-end other 0 ok -\n',
    'pdeploy-end x-1 0 ok\n',
    'pdeploy-end x-1 0 ok -\nmore\n',
    'x pdeploy-end x-1 0 ok -',
    'pdeploy-end x-1 0 o',
  ])('%j has none, so nobody knows', (stdout) => {
    expect(parseReply(stdout, 'x-1').kind).toBe('no-trailer');
  });

  test('ok with another status, and a code from the future, are failures', () => {
    expect(parseReply('pdeploy-end x-1 1 ok -', 'x-1')).toMatchObject({ kind: 'error', code: 'failed' });
    expect(parseReply('pdeploy-end x-1 1 never-seen -', 'x-1')).toMatchObject({
      kind: 'error',
      code: 'failed',
    });
  });

  test('words of a host cannot drive a terminal', () => {
    const message = b64('\u001b]52;c;x\u0007 red \u001b[31m\r\nnext\u009b');
    expect(parseReply(`pdeploy-end x-1 1 failed ${message}`, 'x-1')).toMatchObject({
      message: ']52;c;x red [31m\nnext',
    });
    expect(printable('a\u0000b\tc\n')).toBe('ab\tc');
  });

  test('a trailer in a stream', () => {
    expect([isTrailer('pdeploy-end x 0 ok -'), isTrailer('sample 1')]).toEqual([true, false]);
  });
});

describe('a sample', () => {
  const response = b64(
    'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-Release: abc\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nhello',
  );

  test('in full', () => {
    const line = `sample 12345 active running success 77 1 0 2 80,443 0=http:${response} 1=tcp: 2=exec:3 3=http!:${b64('curl: (7) Failed to connect')} 4=tcp!:${b64('bash: connect: Connection refused')}`;
    expect(decodeSample(line)).toEqual({
      hostMs: 123450,
      activeState: 'active',
      subState: 'running',
      result: 'success',
      pid: 77,
      exeMatch: true,
      startedAfterSwitch: false,
      restarts: 2,
      missingListens: [80, 443],
      probes: [
        {
          kind: 'http',
          id: '0',
          error: '',
          status: 200,
          headers: [
            ['x-release', 'abc'],
            ['set-cookie', 'a'],
            ['set-cookie', 'b'],
          ],
          body: 'hello',
        },
        { kind: 'tcp', id: '1', ok: true, error: '' },
        { kind: 'exec', id: '2', code: 3, error: '' },
        { kind: 'http', id: '3', error: 'connection refused', status: 0, headers: [], body: '' },
        { kind: 'tcp', id: '4', ok: false, error: 'connection refused' },
      ],
    });
  });

  test('other lines are none', () => {
    expect(['', 'sample', 'sample 1 2', 'switched 3'].map(decodeSample)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('the body is cut at 4 KiB', () => {
    expect(parseHttp(Buffer.from(`HTTP/1.0 200 OK\r\n\r\n${'x'.repeat(9000)}`)).body).toHaveLength(4096);
    expect(parseHttp(Buffer.from('garbage'))).toEqual({ status: 0, headers: [], body: '' });
  });
});

test('status of a trial', () => {
  expect(decodeStatus(['trial none'])).toEqual({ kind: 'none' });
  expect(decodeStatus(['trial pending 250 1'])).toEqual({ kind: 'pending', leftMs: 2500, switched: true });
  expect(decodeStatus(['trial rolledback guard -'])).toEqual({
    kind: 'rolled-back',
    by: 'guard',
    restored: undefined,
  });
  expect(
    decodeStatus(['trial rolledback reboot 1', 'evidence failed/failed exit-code 0 3 -', 'log \u001b[1mx']),
  ).toEqual({
    kind: 'rolled-back',
    by: 'reboot',
    restored: true,
    evidence: {
      unitState: 'failed/failed',
      result: 'exit-code',
      pid: 0,
      restarts: 3,
      listens: [],
      release: '',
      logs: ['[1mx'],
    },
  });
  expect(decodeStatus(['something'])).toBeUndefined();
});

test('the limit of open files is what PID 1 may grant', () => {
  const limit = (text: string) => decodeFacts([`fact nofile ${text}`], 'h', 0).nofileMax;
  expect(limit('1048576 20000 00000000fcecbfff')).toBe(20000);
  expect(limit('1048576 20000 000001ffffffffff')).toBe(1048576);
  expect(limit('1048576 unlimited 0')).toBe(1048576);
});

test('counts of processors', () => {
  expect(['0', '0-3', '0-1,4,6-7'].map(countCpus)).toEqual([1, 4, 5]);
});

test('what a host says that it demands of signed releases', () => {
  const context = { host: 'h', service: 'svc', midpointMs: 0, queries: [] };
  const signing = (line: string) => decodeObservation([line], context).signing;
  expect(signing('fact signing - ')).toEqual({ keys: [], version: '' });
  expect(signing('fact signing 1.10  RWa  RWb ')).toEqual({ keys: ['RWa', 'RWb'], version: '1.10' });
  expect(signing('fact signing \u001b[31m RWa')).toEqual({ keys: ['RWa'], version: '' });
  expect(signing('')).toEqual({ keys: [], version: '' });
});

test('a running file that was replaced is not a release', () => {
  const unit = (exe: string) =>
    decodeObservation([`unit 1 - active running 9 0 1 0 ${exe} -`], {
      host: 'h',
      service: 'svc',
      midpointMs: 0,
      queries: [],
    }).instances.get('1')?.running;
  const digest = 'a'.repeat(64);
  expect(unit(`/opt/pdeploy/svc/releases/${digest}/bin/app`)).toBe(digest);
  expect(unit(`/opt/pdeploy/other/releases/${digest}/bin/app`)).toBe('');
  expect(unit('/usr/bin/app')).toBe('');
});

test('garbage is decoded to something, never to an exception', () => {
  const line = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom(
          'sample',
          'unit',
          'trial',
          'release',
          'fact nofile',
          'fact cpus',
          'lease',
          'answer',
          'evidence',
        ),
        fc.string({ unit: 'grapheme' }),
      )
      .map((parts) => parts.join(' ')),
    fc
      .array(fc.constantFrom('sample', 'unit', '1', '-', 'a'.repeat(64), '{}', 'path', '0=http:eA=='), {
        maxLength: 14,
      })
      .map((parts) => parts.join(' ')),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const all = () => {
        decodeObservation(lines, {
          host: 'h',
          service: 's',
          midpointMs: 0,
          queries: [{ kind: 'user', id: 'x', name: 'y' }],
        });
        lines.map(decodeSample);
        decodeStatus(lines);
        decodeEvidence(lines);
        parseReply(lines, 'x');
      };
      expect(all).not.toThrow();
    }),
  );
});
