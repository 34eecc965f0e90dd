import type { HostFacts } from '../../model/facts.ts';

const CAP_SYS_RESOURCE = 24n;

/**
 * @param lines reply of observe; `fact <name> <raw value>`
 * @param midpointMs controller clock at the middle of the call, as Date.now()
 */
export function decodeFacts(lines: readonly string[], host: string, midpointMs: number): HostFacts {
  const facts = new Map<string, string>();
  for (const line of lines) {
    const match = /^fact (\S+) (.*)$/.exec(line);
    if (match?.[1] !== undefined) facts.set(match[1], match[2] ?? '');
  }
  const fact = (name: string) => facts.get(name) ?? '';
  const [blocks = 0, blockSize = 0, inodes = 0] = numbers(fact('disk'));
  return {
    host,
    arch: fact('arch'),
    os: fact('os'),
    kernel: fact('kernel'),
    systemd: Number(fact('systemd')) || 0,
    glibc: /^glibc (\S+)$/.exec(fact('libc'))?.[1] ?? '',
    bootId: fact('boot'),
    clockSkewMs: Math.round(Number(fact('clock')) * 1000 - midpointMs),
    cpus: countCpus(fact('cpus')),
    memoryAvailable: (Number(fact('memory')) || 0) * 1024,
    diskFree: blocks * blockSize,
    inodesFree: inodes,
    tools: fact('tools').split(' ').filter(Boolean),
    policy: fact('policy') === 'deploy' ? 'deploy' : 'host',
    nofileMax: nofileMax(fact('nofile')),
  };
}

/** `0-3,8` is five. */
export function countCpus(list: string): number {
  return list
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

/**
 * `<fs.nr_open> <hard limit of PID 1> <CapEff of PID 1>`: systemd may go up to nr_open when it has CAP_SYS_RESOURCE,
 * as in a container it may not.
 */
function nofileMax(text: string): number {
  const [open = '0', hard = '0', capabilities = '0'] = text.split(' ');
  const nrOpen = Number(open);
  const privileged = ((BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
  return privileged || hard === 'unlimited' ? nrOpen : Math.min(nrOpen, Number(hard));
}

function numbers(text: string): readonly number[] {
  return text.split(' ').map(Number);
}
