import { expect, test } from 'vitest';
import type { CompiledHost } from '../../src/execute/compile.ts';
import { machineProblems } from '../../src/execute/machine.ts';
import type { HostFacts } from '../../src/model/facts.ts';

const facts = (over: Partial<HostFacts>): HostFacts =>
  ({ arch: 'x86_64', glibc: '2.36', ...over }) as HostFacts;
const needs = (machine: string, glibc: string): CompiledHost =>
  ({
    host: { name: 'edge-01' },
    binary: 'edge',
    artifact: { elf: { machine, glibc } },
  }) as unknown as CompiledHost;

test.each([
  ['the same', needs('x86_64', '2.34'), facts({}), []],
  ['exactly what is there', needs('x86_64', '2.36'), facts({}), []],
  ['statically linked', needs('x86_64', ''), facts({ glibc: '2.17' }), []],
  [
    'a newer C library',
    needs('x86_64', '2.100'),
    facts({}),
    ['PD3012 edge-01 has glibc 2.36, the binary edge needs 2.100'],
  ],
  [
    'another architecture',
    needs('aarch64', '2.17'),
    facts({}),
    ['PD3011 edge-01 is x86_64, the binary edge is built for aarch64'],
  ],
])('%s', (_name, compiled, host, expected) => {
  expect(machineProblems(compiled, host).map((p) => `${p.code} ${p.message}`)).toEqual(expected);
});
