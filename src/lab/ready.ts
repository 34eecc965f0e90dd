import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { LAB_CODE, labBroken } from './errors.ts';
import { hostProcesses } from './host-process.ts';
import { inside } from './inside.ts';
import type { LabHost } from './lab-state.ts';

const SSH_PORT = 22;
const POLL_MS = 50;
const BANNER_LIMIT_MS = 500;

/** True when sshd greets within the limit. */
export function hasBanner(address: string, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: SSH_PORT });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(limitMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-')));
  });
}

/** True when the host's systemd has done its start-up jobs, whatever came of them. */
export async function hasBooted(host: LabHost, limitMs: number, wait: boolean): Promise<boolean> {
  const args = ['systemctl', 'is-system-running', ...(wait ? ['--wait'] : [])];
  const { stdout } = await inside(host, args, { timeoutMs: limitMs });
  return ['running', 'degraded'].includes(stdout.trim());
}

async function consoleTail(host: LabHost): Promise<string> {
  const text = await readFile(host.console, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join('\n');
}

/**
 * Waits until a host that was started takes logins and its systemd is idle.
 * @throws PdeployError PD6005 when it ends or takes longer than the limit.
 */
export async function waitReady(host: LabHost, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  const left = () => Math.max(1, deadline - performance.now());
  let running = true;
  let greeted = false;
  while (running && performance.now() < deadline) {
    running = (await hostProcesses(host)) !== undefined;
    greeted ||= running && (await hasBanner(host.address, BANNER_LIMIT_MS));
    if (greeted && (await hasBooted(host, left(), true))) return;
    await sleep(POLL_MS);
  }
  const what = running ? `was not up within ${Math.round(limitMs / 1_000)} s` : 'stopped while booting';
  throw labBroken(
    LAB_CODE.hostDown,
    `${host.name} ${what}. Last lines of its console:\n${await consoleTail(host)}`,
    `The whole console: ${host.console}`,
  );
}
