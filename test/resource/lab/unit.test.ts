import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderUnit, type ServiceSection } from '../../../src/resource/unit/section.ts';
import { unit } from '../../../src/resource/unit/text.ts';
import { type LabHost, labHost } from '../../lab-fixture.ts';
import { anyText, HOSTILE } from '../hostile.ts';

const lab = labHost();
const NAME = `pdeploytest-${process.pid}`;
const DIR = `/run/${NAME}`;
const UNIT = `${NAME}@a-1.service`;

/** Writes down its arguments and its environment as the kernel passed them. */
const DUMP = `#!/bin/sh
: > ${DIR}/args
for a in "$@"; do printf '%s\\0' "$a" >> ${DIR}/args; done
cat /proc/$$/environ > ${DIR}/env
`;

describe.skipIf(lab === undefined)('systemd reads back what was rendered', () => {
  const host = lab as LabHost;

  beforeAll(async () => {
    const made = await host.run(`mkdir -p ${DIR} && ${write(`${DIR}/dump`, DUMP)} && chmod 755 ${DIR}/dump`);
    expect(made.code).toBe(0);
  });

  afterAll(async () => {
    await host.run(
      `systemctl stop '${UNIT}' 2>/dev/null; rm -rf ${DIR} /run/systemd/system/${NAME}*; systemctl daemon-reload`,
    );
  });

  test('every hostile argument arrives byte for byte', async () => {
    expect(await seenArguments(host, HOSTILE)).toEqual([...HOSTILE]);
  });

  test('so does any other text', async () => {
    const texts = fc.sample(anyText, { numRuns: 1500, seed: 7 });
    expect(await seenArguments(host, texts)).toEqual(texts);
  });

  test('marked specifiers are filled in, others are not', async () => {
    const args = [unit`%i/%%i/${'%i'}`, unit`${unit`%p`}-%i.yaml`];
    expect(await seenArguments(host, args)).toEqual(['a-1/%i/%i', `${NAME}-a-1.yaml`]);
  });

  test('environment values arrive byte for byte', async () => {
    const values = [...HOSTILE, ...fc.sample(anyText, { numRuns: 300, seed: 8 })];
    const environment = Object.fromEntries(values.map((value, i) => [`V${i}`, value]));
    await start(host, { Environment: environment, ExecStart: [`${DIR}/dump`] });
    const seen = new Map(
      split((await host.run(`cat ${DIR}/env`)).stdout).map((pair): [string, string] => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
    expect(values.map((_, i) => seen.get(`V${i}`))).toEqual(values);
  });

  test('a description is shown as it was written, or refused', async () => {
    const accepted = HOSTILE.flatMap((value, i) => {
      const service = { Type: 'oneshot', ExecStart: ['/bin/true'] } as const;
      try {
        return [
          {
            value,
            unit: `${NAME}-${i}@a-1.service`,
            text: renderUnit({ unit: { Description: value }, service }),
          },
        ];
      } catch {
        return [];
      }
    });
    expect(accepted.length).toBeGreaterThan(35);
    const writes = accepted.map(({ unit: name, text }) =>
      write(`/run/systemd/system/${name.replace('a-1', '')}`, text),
    );
    const shows = accepted.map(
      ({ unit: name }) => `systemctl show -p Description --value '${name}'; printf '\\0'`,
    );
    const shown = await host.run([...writes, 'systemctl daemon-reload', ...shows].join('\n'));
    expect(split(shown.stdout)).toEqual(accepted.map(({ value }) => `${value}\n`));
  });

  test('paths with spaces, percents and quotes are read back', async () => {
    const paths = [
      '/srv/a b',
      '/srv/100%',
      "/srv/it's",
      '/srv/"q"',
      '/srv/back\\slash',
      '/srv/grüße',
      '/srv/$HOME',
      '/srv/a;b#c',
    ];
    await start(host, {
      ReadWritePaths: paths.map((path) => `-${path}`),
      ReadOnlyPaths: '-/srv/one two',
      WorkingDirectory: '/',
      ExecStart: ['/bin/true'],
    });
    const shown = await host.run(
      `busctl --json=short get-property org.freedesktop.systemd1 $(busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnit s '${UNIT}' | cut -d'"' -f2) org.freedesktop.systemd1.Service ReadWritePaths`,
    );
    expect(JSON.parse(shown.stdout.toString())).toEqual({
      type: 'as',
      data: paths.map((path) => `-${path}`),
    });
  });

  test('a program whose path needs quotes is started', async () => {
    await host.run(`mkdir -p '${DIR}/a b;c%i' && cp ${DIR}/dump '${DIR}/a b;c%i/du mp'`);
    await start(host, { ExecStart: { argv: [`${DIR}/a b;c%i/du mp`, 'x'], ignoreFailure: true } });
    expect(split((await host.run(`cat ${DIR}/args`)).stdout)).toEqual(['x']);
  });
});

async function seenArguments(
  host: LabHost,
  args: readonly Parameters<typeof unit>[1][],
): Promise<readonly string[]> {
  await start(host, {
    ExecStart: [`${DIR}/dump`, ...args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))],
  });
  return split((await host.run(`cat ${DIR}/args`)).stdout);
}

async function start(host: LabHost, service: ServiceSection): Promise<void> {
  const text = renderUnit({ service: { Type: 'oneshot', RemainAfterExit: true, ...service } });
  const done = await host.run(
    `rm -f ${DIR}/args ${DIR}/env; ${write(`/run/systemd/system/${NAME}@.service`, text)} && systemctl daemon-reload && systemctl restart '${UNIT}'; code=$?; systemctl show -p LoadError -p Result '${UNIT}'; journalctl -b -u '${UNIT}' -n 3 --no-pager -o cat; exit $code`,
  );
  expect(done.code, done.stdout.toString() + done.stderr).toBe(0);
}

function split(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\0').slice(0, -1);
}

function write(path: string, text: string): string {
  return `base64 -d > '${path}' <<'B64'\n${Buffer.from(text).toString('base64')}\nB64\ntrue`;
}
