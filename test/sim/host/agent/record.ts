import type { Host } from '../host.ts';
import type { Place } from '../paths.ts';
import type { Step } from '../step.ts';
import { type Call, step } from './call.ts';

/** The fields of a trial's record. */
export type Trial = {
  op: string;
  deployment: string;
  epoch: number;
  from: string;
  to: string;
  boot: string;
  deadline: number;
  fresh: number;
  volatile: number;
  done: boolean;
  by: string;
  /** '' while the old release is not back. */
  restored: string;
};

export function readRecord(host: Host, path: string): Trial | undefined {
  const text = host.disk.read(path);
  if (text === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const cut = line.indexOf(' ');
    if (cut > 0) fields.set(line.slice(0, cut), line.slice(cut + 1));
  }
  const field = (name: string): string => fields.get(name) ?? '';
  return {
    op: field('op'),
    deployment: field('deployment'),
    epoch: Number(field('epoch')),
    from: field('from').replace(/^-$/, ''),
    to: field('to'),
    boot: field('boot'),
    deadline: Number(field('deadline') || 0),
    fresh: Number(field('fresh') || 0),
    volatile: Number(field('volatile') || 0),
    done: field('done') !== '',
    by: field('by'),
    restored: field('restored'),
  };
}

export function* writePending(
  call: Call,
  at: Place,
  trial: Trial,
  done: () => void,
): Generator<Step, void, boolean> {
  const { disk } = call.host;
  const text = [
    `op ${trial.op}`,
    `deployment ${trial.deployment}`,
    `epoch ${trial.epoch}`,
    `from ${trial.from === '' ? '-' : trial.from}`,
    `to ${trial.to}`,
    `boot ${trial.boot}`,
    `deadline ${trial.deadline}`,
    `fresh ${trial.fresh}`,
    `volatile ${trial.volatile}`,
    '',
  ].join('\n');
  yield* step('pending.write');
  disk.write(`${at.I}/new.pending`, text);
  yield* step('pending.rename');
  disk.rename(`${at.I}/new.pending`, `${at.I}/pending.${trial.op}`);
  done();
  yield* step('pending.sync');
  const earlier = disk.list(at.I).filter((file) => /^(committed|rolledback)\./.test(file));
  disk.sync(...earlier.map((file) => `${at.I}/${file}`), `${at.I}/pending.${trial.op}`, at.I);
}

/** The trial that runs on an instance, with its file. */
export function pendingOf(host: Host, at: Place): Trial | undefined {
  const name = host.disk.list(at.I, 'pending.')[0];
  if (name === undefined) return undefined;
  const trial = readRecord(host, `${at.I}/${name}`);
  return trial === undefined ? undefined : { ...trial, op: trial.op || name.slice('pending.'.length) };
}

/** `<op> <ticks before the restart> <1 when the restart has ended>` */
export function readProgress(
  host: Host,
  at: Place,
  op: string,
): { readonly ticks: number; readonly done: number } {
  const [of, ticks, done] = (host.disk.read(`${at.I}/progress`) ?? '').trim().split(' ');
  return of === op ? { ticks: Number(ticks), done: Number(done) } : { ticks: 0, done: 0 };
}
