import type { ConfFile } from './conf-file.ts';
import type { Report } from './finding.ts';
import type { UnitFile } from './unit-file.ts';

/** What is checked together: the instances of one service on one host. */
export type Subject = {
  /** Of Pingora, `0.9.1`. */
  readonly version: string;
  /** One for each instance. */
  readonly confs: readonly ConfFile[];
  /** The unit and its drop-ins in the order in which systemd reads them; none when it is not known. */
  readonly units: readonly UnitFile[];
  /** How a new release takes the place of the old one. */
  readonly activation: 'restart' | 'handover';
  /** Top-level keys that the program reads itself. */
  readonly appKeys: readonly string[];
  /** What a stop takes before Pingora begins to stop. */
  readonly drainSeconds: number;
  /** Free memory of the host in bytes, where it is known. */
  readonly memoryAvailable?: number;
};

export type Rule = {
  readonly code: string;
  /** What it is turned off by. */
  readonly name: string;
  /** For people, in the table of docs/pingora.md. */
  readonly about: string;
  readonly check: (subject: Subject) => readonly Report[];
};

/** The same for every configuration of a subject. */
export function eachConf(
  check: (conf: ConfFile, subject: Subject) => readonly Report[],
): (subject: Subject) => readonly Report[] {
  return (subject) => subject.confs.flatMap((conf) => check(conf, subject));
}
