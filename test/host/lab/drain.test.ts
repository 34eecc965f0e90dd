import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrainTarget, decodeServer, drainRequest } from '../../../src/host/verbs/drain.ts';
import { type LabHost, labHost } from '../../../src/lab/lab-state.ts';
import { SOCKET, startLabHaproxy, stopLabHaproxy } from '../../load/lab-haproxy.ts';
import { type Client, openClient } from './client.ts';
import { freshId } from './world.ts';

const SERVICE = 'drained';
const target: DrainTarget = { kind: 'haproxy', socket: SOCKET, backend: 'edge', server: 'edge-01-1' };

/** A socat that kills the agent once, before or after it has passed a change on to HAProxy. */
const KILLER = `cat >/usr/local/bin/socat <<'END'
#!/usr/bin/perl
use Socket;
my ($s, $line) = (undef, scalar <STDIN>);
my $when = $line =~ /^set server/ && -e "/run/killer" ? do { open my $f, "<", "/run/killer"; unlink "/run/killer"; <$f> } : "";
sub strike { system("pkill", "-9", "-f", "^/bin/sh /usr/local/libexec/pdeploy-agent") }
strike() if $when =~ /before/;
socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, pack_sockaddr_un("${SOCKET}")) or exit 1;
syswrite($s, $line);
my @said = <$s>;
strike() if $when =~ /after/;
print @said;
END
chmod 755 /usr/local/bin/socat`;

let client: Client;
let host: LabHost;
beforeAll(async () => {
  client = openClient(3);
  host = await labHost(client.lab, client.host);
  await client.install();
  await stopLabHaproxy(host);
  await startLabHaproxy(host, [{ name: 'edge-01-1', address: '127.0.0.1', port: 9 }]);
});
afterAll(async () => {
  await client.sh(`rm -rf /usr/local/bin/socat /run/killer /run/pdeploy/${SERVICE}`);
  await stopLabHaproxy(host);
  client.close();
});

const out = (guardSeconds: number) =>
  client.call(
    drainRequest({
      opId: freshId('dr'),
      service: SERVICE,
      target,
      action: 'out',
      deployment: 'd',
      epoch: 1,
      guardSeconds,
    }),
  );
const away = async (): Promise<boolean | undefined> => {
  const answer = await client.call(
    drainRequest({ opId: freshId('dr'), service: SERVICE, target, action: 'check' }),
  );
  return decodeServer(answer.lines)?.away;
};
const left = async (): Promise<string> =>
  (
    await client.sh(
      `ls /run/pdeploy/${SERVICE}/.drained; systemctl list-units --all --plain --no-legend 'pdeploy-undrain-*'`,
    )
  ).stdout;
const uptime = async (): Promise<number> => Number((await client.sh('cut -d " " -f 1 /proc/uptime')).stdout);
/** When it comes back by itself, in seconds of uptime. */
const due = async (): Promise<number> =>
  Number((await client.sh(`cut -d ' ' -f 1 /run/pdeploy/${SERVICE}/.drained/*`)).stdout) / 100;
const back = (within: number) => expect.poll(away, { timeout: within, interval: 250 }).toBe(false);

test('what nobody brings back comes back by the timer of the host, at its time', async () => {
  expect((await out(3)).kind).toBe('ok');
  expect(await away()).toBe(true);
  const at = await due();
  await back(30_000);
  const late = (await uptime()) - at;
  expect(late).toBeGreaterThan(-1.5);
  process.stderr.write(`drain: back by its timer ${late.toFixed(1)} s after its time\n`);
  await expect.poll(left, { timeout: 20_000 }).toBe('');
});

test('an HAProxy that hangs when its time comes is asked until it does it', async () => {
  expect((await out(2)).kind).toBe('ok');
  const pid = (await client.sh('systemctl show -P MainPID haproxy')).stdout.trim();
  await client.sh(`kill -STOP ${pid}; sleep 11; systemctl is-active 'pdeploy-undrain-*.service'`);
  expect(await left()).toContain('pdeploy-undrain-');
  await client.sh(`kill -CONT ${pid}`);
  await back(60_000);
  await expect.poll(left, { timeout: 20_000 }).toBe('');
});

test.each(['before', 'after'])('an agent that is killed %s the change reached HAProxy', async (side) => {
  await client.sh(KILLER);
  await client.sh(`echo ${side} >/run/killer`);
  const said = await out(3);
  expect(said, JSON.stringify(said)).toMatchObject({ kind: 'no-trailer' });
  expect(await away()).toBe(true);
  await back(30_000);
  await expect.poll(left, { timeout: 20_000 }).toBe('');
});
