import type { Client } from './client.ts';

/** Programs that the agent runs between the steps of a handover. */
export type Strike = {
  readonly side: 'before' | 'after';
  /** The program and its first words, as a pattern of the shell. */
  readonly of: string;
  /** `kill`: nothing of it is left. `stop`: it stands still until the host ends. */
  readonly by: 'kill' | 'stop';
};

/** Has what calls the agent on this host struck once, next to a program that the agent runs. */
export async function armStrike(client: Client, { side, of, by }: Strike): Promise<void> {
  const signal = by === 'kill' ? 'KILL' : 'STOP';
  const ran = await client.sh(`
    for name in systemctl systemd-run systemd-notify; do
      cat >/usr/local/bin/$name <<'END'
#!/bin/sh
strike() {
  if rm /run/test-strike/armed 2>/dev/null; then pkill -${signal} -f '^/bin/sh /usr/local/libexec/pdeploy-agent'; : >/run/test-strike/hit; fi
}
case "\${0##*/} $*" in ${of}*) hit=${side} ;; *) hit= ;; esac
[ "$hit" != before ] || strike
/usr/bin/\${0##*/} "$@"
rc=$?
[ "$hit" != after ] || strike
exit $rc
END
      chmod 755 /usr/local/bin/$name
    done
    mkdir -p /run/test-strike && rm -f /run/test-strike/hit && : >/run/test-strike/armed`);
  if (ran.code !== 0) throw new Error(ran.stderr);
}

/** Whether it came to that. */
export const wasStruck = async (client: Client): Promise<boolean> =>
  (await client.sh('test -f /run/test-strike/hit')).code === 0;

export async function disarmStrike(client: Client): Promise<void> {
  await client.sh('cd /usr/local/bin && rm -rf systemctl systemd-run systemd-notify /run/test-strike');
}
