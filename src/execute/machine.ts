import type { ElfInfo } from '../host/elf.ts';
import type { HostFacts } from '../model/facts.ts';
import type { CompiledHost } from './compile.ts';

type MachineProblem = { readonly host: string; readonly code: string; readonly message: string };

/** Whether the binary of a release can run on its host at all. */
export function machineProblems(compiled: CompiledHost, facts: HostFacts): readonly MachineProblem[] {
  return binaryProblems(compiled.host.name, compiled.binary, compiled.artifact.elf, facts);
}

/** The same for any binary, told from its ELF header and the host's facts before it is sent. */
export function binaryProblems(
  host: string,
  name: string,
  elf: ElfInfo | undefined,
  facts: HostFacts,
): readonly MachineProblem[] {
  if (elf === undefined) return [];
  if (elf.machine !== facts.arch)
    return [
      {
        host,
        code: 'PD3011',
        message: `${host} is ${facts.arch}, the binary ${name} is built for ${elf.machine}`,
      },
    ];
  if (facts.glibc !== '' && elf.glibc !== '' && isNewer(elf.glibc, facts.glibc))
    return [
      {
        host,
        code: 'PD3012',
        message: `${host} has glibc ${facts.glibc}, the binary ${name} needs ${elf.glibc}`,
      },
    ];
  return [];
}

function isNewer(a: string, b: string): boolean {
  const [x, y] = [a, b].map((v) => v.split('.').map(Number));
  const major = (x?.[0] ?? 0) - (y?.[0] ?? 0);
  return major > 0 || (major === 0 && (x?.[1] ?? 0) > (y?.[1] ?? 0));
}
