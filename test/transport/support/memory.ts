import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The most memory that was seen in use, in bytes. */
export type Peak = {
  /**
   * By how much more this process held, in its heap and beside it. Not its resident set, which has what the allocator keeps for
   * later, nor garbage: the hostile server lives in this very process, and the two of them make tens of MB of it by chance.
   */
  readonly own: number;
  /** Of the largest `ssh` it has started, from the first byte on (VmHWM of proc(5)). */
  readonly ssh: number;
};

const EVERY_MS = 40;
/** Growth from which on it is looked at more closely, bytes. */
const CLOSER = 16 << 20;

/** Watches this process and each `ssh` below it until the returned function is called. */
export function watchMemory(): () => Peak {
  const before = held();
  let own = 0;
  let ssh = 0;
  const look = (): void => {
    if (held() - before > Math.max(own, CLOSER)) collect();
    own = Math.max(own, held() - before);
    ssh = Math.max(ssh, ...sshBelow(process.pid).map(peakOf));
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return { own, ssh };
  };
}

function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The `ssh` processes below a process. */
export function sshBelow(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return [...children.filter((child) => nameOf(child) === 'ssh'), ...children.flatMap(sshBelow)];
}

function childrenOf(pid: number): readonly number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const text = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')).join(' ');
    return text.split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) << 10;
  } catch {
    return 0;
  }
}
