import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { byCall } from '../../../src/execute/drain/by-call.ts';
import { byProgram } from '../../../src/execute/drain/by-program.ts';
import type { DrainWhere } from '../../../src/execute/drain/part.ts';
import { Secret } from '../../../src/util/secret.ts';

const where: DrainWhere = {
  epoch: () => 1,
  deployment: 'd-1',
  service: 'edge',
  host: 'edge-01',
  address: '198.51.100.11',
  instance: '1',
  id: 'edge-01@1',
  gone: new AbortController().signal,
  opId: () => 'x',
};

/** @param status of each answer in turn, the last repeats */
async function listen(...status: number[]) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization ?? ''}`);
    res.statusCode = (status.length > 1 ? status.shift() : status[0]) ?? 500;
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const call = (url: string) =>
  byCall(
    {
      kind: 'http',
      drain: `${url}/drain`,
      undrain: `${url}/ready`,
      method: 'PUT',
      headers: { authorization: new Secret('lb.token', 'a-long-token') },
      waitMs: 1,
    },
    where,
  );

test('a call is made with the secret, and again when it is not answered well', async () => {
  const { asked, url } = await listen(503, 204);
  expect(await call(url).out(60)).toBeUndefined();
  expect(await call(url).back()).toBeUndefined();
  expect(asked).toEqual(['PUT /drain a-long-token', 'PUT /drain a-long-token', 'PUT /ready a-long-token']);
});

test('a refusal says who refused, and neither path nor token', async () => {
  const { url } = await listen(403);
  expect(await call(url).out(60)).toEqual({
    code: 'PD4030',
    message: `could not be drained: http ${url.slice(7)}: answered 403`,
  });
  const nobody = await call('http://127.0.0.1:1').back();
  expect(nobody?.code).toBe('PD4031');
  expect(nobody?.message).not.toContain('/ready');
});

test('a program is told on standard input what to do, for whom and for how long', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-drain-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const part = byProgram({ kind: 'exec', argv: ['sh', '-c', 'cat >>told'], waitMs: 5_000 }, where, dir);
  expect(await part.out(60)).toBeUndefined();
  expect(await part.back()).toBeUndefined();
  const told = readFileSync(join(dir, 'told'), 'utf8').trim().split('\n');
  expect(told.map((line) => JSON.parse(line))).toEqual(
    ['drain', 'undrain'].map((action) => ({
      v: 1,
      action,
      service: 'edge',
      deployment: 'd-1',
      host: 'edge-01',
      address: '198.51.100.11',
      instance: '1',
      id: 'edge-01@1',
      waitMs: 5_000,
    })),
  );
});

test('a program that fails, or is not there, is told with its last words', async () => {
  const ends = (argv: string[]) => byProgram({ kind: 'exec', argv, waitMs: 1_000 }, where, tmpdir()).out(60);
  expect((await ends(['sh', '-c', 'echo no such zone >&2; exit 3']))?.message).toBe(
    'could not be drained: exec sh: ended with 3: no such zone',
  );
  expect((await ends(['/nowhere/x']))?.message).toMatch(/exec x: .*ENOENT/);
});
