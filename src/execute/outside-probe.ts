import { connect } from 'node:net';
import type { RawProbe } from '../health/raw.ts';
import type { Probe } from '../model/health.ts';
import { askHttp, errorWords } from './ask-http.ts';

const HANDSHAKES_AT_ONCE = 4;

/** Makes the probes that are declared `outside`, each over a new connection from the controller to the host's address. */
export async function probeOutside(address: string, probes: readonly Probe[]): Promise<readonly RawProbe[]> {
  const jobs = probes.map(async (probe, id): Promise<RawProbe | undefined> => {
    if (probe.kind === 'http' && probe.from.includes('outside')) return http(address, probe, String(id));
    if (probe.kind === 'tcp' && probe.from.includes('outside')) return tcp(address, probe, String(id));
    if (probe.kind === 'tls') return tls(address, probe, String(id));
    return undefined;
  });
  return (await Promise.all(jobs)).filter((p) => p !== undefined);
}

function http(address: string, probe: Extract<Probe, { kind: 'http' }>, id: string): Promise<RawProbe> {
  const { port, path, tls, timeoutMs, hostHeader } = probe;
  const headers = hostHeader === undefined ? {} : { host: hostHeader };
  return askHttp({ id, address, port, path, tls, headers, timeoutMs });
}

function tcp(address: string, probe: Extract<Probe, { kind: 'tcp' }>, id: string): Promise<RawProbe> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: probe.port, timeout: probe.timeoutMs });
    const end = (ok: boolean, error: string): void => {
      socket.destroy();
      resolve({ id, kind: 'tcp', ok, error });
    };
    socket.on('connect', () => end(true, ''));
    socket.on('timeout', () => end(false, `no answer in ${probe.timeoutMs} ms`));
    socket.on('error', (error: NodeJS.ErrnoException) => end(false, errorWords(error)));
  });
}

/** A handshake of each round is verified as a client would; few at once, as many clients do not come in one moment either. */
async function tls(address: string, probe: Extract<Probe, { kind: 'tls' }>, id: string): Promise<RawProbe> {
  const { handshake } = await import('../certs/handshake.ts');
  const { rootsOf } = await import('../certs/trust.ts');
  const { port, server, timeoutMs } = probe;
  const first = await handshake({ address, port, server, timeoutMs, roots: rootsOf(probe.trust) });
  if (!first.ok) return { id, kind: 'tls', error: first.error, fingerprints: [], refused: '' };
  const fingerprints = [first.fingerprint];
  let error = '';
  const worker = async (): Promise<void> => {
    while (error === '' && left > 0) {
      left -= 1;
      const next = await handshake({ address, port, server, timeoutMs });
      if (next.ok) fingerprints.push(next.fingerprint);
      else error = next.error;
    }
  };
  let left = probe.times - 1;
  await Promise.all(Array.from({ length: HANDSHAKES_AT_ONCE }, worker));
  return { id, kind: 'tls', error, fingerprints, refused: first.refused };
}
