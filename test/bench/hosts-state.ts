import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Work } from './work.ts';

const PORT = 6188;

/** Takes every trace of every tool off the hosts, and waits until what it wrote is on the disk. */
export async function wipe(fleet: Fleet): Promise<void> {
  await fleet.everywhere(`
    systemctl disable -q --now edge@1 pdeploy-recover 2>/dev/null
    systemctl stop 'pdeploy-guard-*' 2>/dev/null
    rm -rf /opt/edge /opt/pdeploy /var/lib/pdeploy /run/pdeploy /var/log/edge /var/lib/edge /run/edge /etc/pdeploy \
      /usr/local/libexec/pdeploy /usr/local/libexec/pdeploy-agent \
      /etc/systemd/system/edge@1.service /etc/systemd/system/*.wants/edge@1.service /run/systemd/system.control/edge@1.* \
      /etc/systemd/system/pdeploy-recover.service /etc/systemd/system/*.wants/pdeploy-recover.service \
      /etc/logrotate.d/edge /etc/logrotate.d/pdeploy-edge /etc/tmpfiles.d/pdeploy-edge.conf /etc/sysusers.d/pdeploy-edge.conf \
      /root/.ansible
    if id edge >/dev/null 2>&1; then userdel edge; fi
    systemctl reset-failed; systemctl daemon-reload; sync`);
  await sleep(500);
}

/** Whether every host is as the work says it should be. @throws with the first difference of every host */
export async function assertDone(fleet: Fleet, work: Work): Promise<void> {
  const wrong: string[] = [];
  await Promise.all(
    fleet.hosts.map(async (h) => {
      for (const [path, body] of [
        ['/', work.body],
        ['/readyz', 'ready\n'],
      ] as const) {
        const answer = await get(`http://${h.address}:${PORT}${path}`);
        if (answer !== `200 ${body}`)
          wrong.push(`${h.name}: GET ${path} gave ${JSON.stringify(answer)}, not ${JSON.stringify(body)}`);
      }
    }),
  );
  const checks = await fleet.everywhere(`
    id -u edge >/dev/null 2>&1 || echo 'there is no user edge'
    grep -qs /var/log/edge /etc/logrotate.d/edge /etc/logrotate.d/pdeploy-edge || echo 'there is no logrotate file'
    [ "$(systemctl is-enabled edge@1)" = enabled ] || echo 'the service is not enabled'
    [ "$(systemctl is-active edge@1)" = active ] || echo 'the service is not active'
    [ "$(stat -L -c %s /proc/"$(systemctl show -P MainPID edge@1)"/exe)" = "$(stat -L -c %s /opt/edge/current/caddy /opt/pdeploy/edge/1/current/bin/caddy 2>/dev/null)" ] ||
      echo 'current does not lead to the binary that runs'
    [ "$(stat -c '%U:%G %a' /var/log/edge)" = 'root:edge 750' ] || echo '/var/log/edge is not as it should be'`);
  checks.forEach((text, i) => {
    if (text.trim() !== '') wrong.push(`${fleet.hosts[i]?.name}: ${text.trim()}`);
  });
  if (wrong.length > 0) throw new Error(`the final state is wrong:\n${wrong.join('\n')}`);
}

async function get(url: string): Promise<string> {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(5_000),
      headers: { connection: 'close' },
    });
    return `${answer.status} ${await answer.text()}`;
  } catch (error) {
    return `nothing (${String((error as Error).cause ?? error)})`;
  }
}
