import type { Client } from '../../host/lab/client.ts';
import { readLeaseOf } from '../host/agent/lease.ts';
import { readRecord } from '../host/agent/record.ts';
import { currentOf } from '../host/agent/units.ts';
import type { Host } from '../host/host.ts';
import { byName, CONTROL, place, SYSTEM } from '../host/paths.ts';

/** What both hosts must agree on after every request; nothing that a clock or a process table gives out. */
export type Picture = {
  readonly current: string;
  /** The link in /run: `durable`, a digest, or `none`. */
  readonly link: string;
  readonly running: string;
  readonly active: string;
  /** First line of the unit's mark in /etc and in /run; `none` where there is no unit. */
  readonly unit: string;
  readonly trialUnit: string;
  readonly enabled: boolean;
  /** `pending.o1`, `committed.o2 done`, `rolledback.o3 guard 1` */
  readonly records: readonly string[];
  readonly releases: readonly string[];
  readonly lease: string;
  readonly epoch: string;
  readonly lastGood: string;
  readonly undo: boolean;
  readonly incoming: boolean;
  readonly guards: readonly string[];
};

/** `MARK=n` tells the units of the test's releases apart. */
const markOf = (text: string | undefined): string =>
  text === undefined ? 'none' : (/^Environment=MARK=(\w+)$/m.exec(text)?.[1] ?? 'plain');

export function ofModel(host: Host, service: string, instance: string): Picture {
  const at = place(service, instance);
  const { disk } = host;
  const unit = host.systemd.show(at.unit);
  const lease = readLeaseOf(host, service);
  return {
    current: currentOf(host, at) || 'none',
    link: linkOf(host.run.get(at.L), at.C),
    running: unit.digest || 'none',
    active: unit.active,
    unit: markOf(disk.read(`${SYSTEM}/${at.unit}`)),
    trialUnit: markOf(host.run.get(`${CONTROL}/${at.unit}`)),
    enabled: disk.has(at.wants),
    records: disk
      .list(at.I)
      .filter((name) => /^(pending|committed|rolledback)\./.test(name))
      .map((name) => {
        const trial = readRecord(host, `${at.I}/${name}`);
        return [name, trial?.done === true ? 'done' : '', trial?.by ?? '', trial?.restored ?? '']
          .filter((word) => word !== '')
          .join(' ');
      }),
    releases: disk.list(at.R),
    lease: lease === undefined ? 'none' : `${lease.epoch} ${lease.deployment}`,
    epoch: (disk.read(`${at.S}/epoch`) ?? 'none').trim(),
    lastGood: (disk.read(`${at.S}/last_good`) ?? 'none').trim(),
    undo: disk.below(`${at.S}/undo`).length > 0,
    incoming: disk.below(`/opt/pdeploy/${service}/.incoming`).length > 0,
    guards: host
      .guards()
      .map((name) => name.replace('pdeploy-guard-', ''))
      .sort(byName),
  };
}

function linkOf(target: string | undefined, durable: string): string {
  if (target === undefined) return 'none';
  return target === durable ? 'durable' : (target.split('/').at(-1) ?? '');
}

/** The same of a lab host, by a script that knows nothing of the agent. */
export async function ofHost(client: Client, service: string, instance: string): Promise<Picture> {
  const { stdout } = await client.sh(`
    sleep 0.05; flock -w 20 /var/lib/pdeploy/${service}/.lock sleep 0.1 2>/dev/null
    S=/var/lib/pdeploy/${service} I=$S/${instance} O=/opt/pdeploy/${service} unit=${service}@${instance}.service
    say() { printf '%s\\t%s\\n' "$1" "$2"; }
    say current "$(basename "$(readlink $O/${instance}/current || echo none)")"
    say link "$(readlink /run/pdeploy/${service}/${instance}/current || echo none)"
    pid=$(systemctl show -p MainPID --value $unit)
    [ "$pid" = 0 ] && say exe none || say exe "$(readlink /proc/$pid/exe)"
    say active "$(systemctl show -p ActiveState --value $unit)"
    for file in /etc/systemd/system/$unit /run/systemd/system.control/$unit; do
      [ -e $file ] && say unit "$(sed -n 's/^Environment=MARK=//p' $file | grep . || echo plain)" || say unit none
    done
    [ -L /etc/systemd/system/multi-user.target.wants/$unit ] && say enabled 1
    for file in $I/pending.* $I/committed.* $I/rolledback.*; do
      [ -e $file ] && say record "$(basename $file)$(sed -n 's/^done .*/ done/p; s/^by / /p; s/^restored / /p' $file | tr -d '\\n')"
    done
    for dir in $O/releases/*/; do [ -d $dir ] && say release "$(basename $dir)"; done
    say lease "$(cut -d' ' -f1,2 $S/lease 2>/dev/null || echo none)"
    say epoch "$(cat $S/epoch 2>/dev/null || echo none)"
    say lastGood "$(cat $S/last_good 2>/dev/null || echo none)"
    [ -n "$(find $S/undo -type f 2>/dev/null)" ] && say undo 1
    [ -n "$(ls -A $O/.incoming 2>/dev/null)" ] && say incoming 1
    systemctl list-units --plain --no-legend 'pdeploy-guard-*.timer' | while read -r name rest; do say guard "$name"; done
    true`);
  const facts = Map.groupBy(
    stdout.split('\n').filter((line) => line !== ''),
    (line) => line.split('\t')[0] ?? '',
  );
  const all = (key: string): readonly string[] =>
    (facts.get(key) ?? []).map((line) => line.split('\t')[1] ?? '');
  const one = (key: string): string => all(key)[0] ?? 'none';
  const units = all('unit');
  return {
    current: one('current'),
    link: linkOf(
      one('link') === 'none' ? undefined : one('link'),
      `/opt/pdeploy/${service}/${instance}/current`,
    ),
    running: /\/releases\/(\w+)\//.exec(one('exe'))?.[1] ?? 'none',
    active: one('active'),
    unit: units[0] ?? 'none',
    trialUnit: units[1] ?? 'none',
    enabled: all('enabled').length > 0,
    records: [...all('record')].sort(byName),
    releases: [...all('release')].sort(byName),
    lease: one('lease') === '' ? 'none' : one('lease'),
    epoch: one('epoch'),
    lastGood: one('lastGood'),
    undo: all('undo').length > 0,
    incoming: all('incoming').length > 0,
    guards: all('guard')
      .map((name) => name.replace('pdeploy-guard-', '').replace('.timer', ''))
      .sort(byName),
  };
}
