import { expect, test } from 'vitest';
import { loadPicture } from './picture.ts';
import { readWrk } from './programs.ts';
import { replaceBetween } from './table.ts';

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
