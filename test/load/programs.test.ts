import { expect, test } from 'vitest';
import { loadPicture } from './picture.ts';
import { readH2loadLog, readWrk } from './programs.ts';
import { loadTables, replaceBetween } from './table.ts';

test('what wrk says is read, and what failed by its kind', () => {
  const text = `  Latency Distribution
     50%    1.02ms
     99%    1.25s
  30042 requests in 10.01s, 5.02MB read
  Socket errors: connect 2, read 0, write 0, timeout 1
  Non-2xx or 3xx responses: 7
Requests/sec:   3001.20
`;
  expect(readWrk(text)).toEqual({
    requests: 30_042,
    failed: { connect: 2, timeout: 1, status: 7 },
    p99Ms: 1_250,
  });
  expect(readWrk('12 requests in 1s\n 99%  800.00us\n')).toEqual({ requests: 12, failed: {}, p99Ms: 0.8 });
  expect(() => readWrk('nothing')).toThrow('wrk told nothing');
});

test('the log of h2load gives milliseconds', () => {
  expect(readH2loadLog('1366363711\t200\t1230\n1366363712\t503\t80\n')).toEqual([1.23, 0.08]);
});

test('the tables say what failed, what was told apart, and p99 by client', () => {
  const client = 'WebSockets';
  const row = {
    scenario: 'rollout',
    seconds: 12.3,
    quiet: [{ client, requests: 1_000, failed: {}, apart: {}, p99Ms: 4 }],
    during: [
      { client, requests: 2_000, failed: { timeout: 2 }, apart: { 'sessions ended': 3 }, p99Ms: 12.4 },
    ],
    timeline: new Map(),
  };
  expect(loadTables([row, row])).toBe(`| scenario | requests | failed | took |
| --- | --- | --- | --- |
| rollout | 3,000 | 2 (WebSockets: 2 timeout) | 12 s |
| rollout | 3,000 | 2 (WebSockets: 2 timeout) | 12 s |
| all | 6,000 | 4 |  |

| p99 in ms, quiet → during | WebSockets |
| --- | --- |
| rollout | 4.0 → 12 (3.1) |
| rollout | 4.0 → 12 (3.1) |

| client | requests | failed | told apart |
| --- | --- | --- | --- |
| WebSockets | 6,000 | 4 | 6 sessions ended |
`);
});

test('a table goes between its two comments and nowhere else', () => {
  expect(replaceBetween('a\n<!-- x -->\nold\n<!-- /x -->\nb', 'x', 'new\n')).toBe(
    'a\n<!-- x -->\nnew\n<!-- /x -->\nb',
  );
  expect(() => replaceBetween('a', 'x', '')).toThrow('the page has no <!-- x -->');
});

test('the picture has a bar for each release of a second', () => {
  const svg = loadPicture(new Map([[0, new Map([['a'.repeat(64), 3]])]]), [{ at: 0, text: 'rollout' }]);
  expect(svg.match(/<rect/g)).toHaveLength(3);
  expect(svg).toContain('aaaaaaa');
});
