import type { Place } from '../paths.ts';
import type { Step } from '../step.ts';
import { type Call, step, Unheard } from './call.ts';

const GOOD = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok').toString('base64');
const SICK = Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n').toString('base64');
const REFUSED = Buffer.from('curl: (7) Failed to connect').toString('base64');

/**
 * Rounds of facts for `stream` seconds: every 30 ms for 3 s, then every 200 ms, until one looks good; then every
 * `interval`. Ends with the file of a trial, or when nobody reads.
 */
export function* stream(
  call: Call,
  at: Place,
  trialFile: string | undefined,
  want: string,
  since: number,
): Generator<Step, void, boolean> {
  const { clock } = call.host.world;
  const began = clock.now;
  const interval = call.number('interval', 1_000);
  let good = false;
  let last = '';
  let lastAt = 0;
  for (;;) {
    const round = clock.now;
    const { facts, passed } = look(call, at, want, since);
    good ||= passed;
    if (passed || facts !== last || round - lastAt >= 500) {
      if (!call.channel.open()) throw new Unheard();
      call.say(`sample ${call.host.ticks()} ${facts}`);
      last = facts;
      lastAt = round;
    }
    if (trialFile !== undefined && !call.host.disk.has(trialFile)) return;
    const gone = clock.now - began;
    if (gone >= call.number('stream', 0) * 1_000) return;
    const rest = good || gone > 30_000 ? interval : gone > 3_000 ? 200 : 30;
    yield* step('sample', Math.min(rest, interval));
    if (trialFile !== undefined && !call.host.disk.has(trialFile)) return;
  }
}

function look(
  call: Call,
  at: Place,
  want: string,
  since: number,
): { readonly facts: string; readonly passed: boolean } {
  const unit = call.host.systemd.show(at.unit);
  const exe = unit.pid !== 0 && unit.digest === want ? 1 : 0;
  const fresh = unit.pid !== 0 && unit.startedAt >= since ? 1 : 0;
  let passed = exe === 1 && fresh === 1;
  const probes = call.all('probe').map((line) => {
    const answer = probe(call, at);
    if (answer !== 'good') passed = false;
    const text = answer === 'good' ? `:${GOOD}` : answer === 'sick' ? `:${SICK}` : `!:${REFUSED}`;
    return ` ${line.split(' ')[0]}=http${text}`;
  });
  const words = [unit.active, unit.sub, unit.result, unit.pid, exe, fresh, 0, '-'];
  return { facts: `${words.join(' ')}${probes.join('')}`, passed };
}

function probe(call: Call, at: Place): 'good' | 'sick' | 'refused' {
  const { systemd } = call.host;
  const lie = systemd.lie(at.unit);
  if (lie !== undefined) return lie;
  const unit = systemd.show(at.unit);
  if (unit.pid === 0 || unit.active !== 'active') return 'refused';
  return systemd.serves(at.unit) ? 'good' : 'sick';
}
