import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RefusedError } from '../errors.ts';
import {
  minisignProblem,
  parseMinisignature,
  parseMinisignKey,
  SIGNATURE_MAX_BYTES,
} from '../host/minisign.ts';
import { parseSignedFacts, type SignedFacts, targetMachine } from '../host/signed-facts.ts';
import type { ReleaseStep } from '../model/playbook.ts';
import { type Artifact, artifactFile } from './artifact.ts';

/** A signature that is good and says what it should; its text goes to the hosts, which check it again. */
export type CheckedSignature = {
  readonly text: string;
  readonly publicKey: string;
  readonly facts: SignedFacts;
};

const FETCH_TIMEOUT_MS = 30_000;

/**
 * Checks the signature that a release requires against the very binary that would be sent.
 * @param service the signature must name it
 * @param base directory that relative paths start from
 * @throws RefusedError PD3024 when it is missing, damaged, of another key, file, service or processor
 */
export async function checkSignature(
  step: ReleaseStep,
  service: string,
  artifact: Artifact,
  base: string,
): Promise<CheckedSignature> {
  const required = step.minisign;
  const key = parseMinisignKey(required?.publicKey ?? '');
  if (required === undefined || key === undefined) throw new Error('the release requires no signature');
  const machine = artifact.elf?.machine ?? 'x86_64';
  const refuse = (why: string, cause?: unknown): RefusedError =>
    new RefusedError(
      'PD3024',
      `${step.binary} has to be signed, and ${required.signature} is not its signature: ${why}`,
      {
        hint: `to sign it: minisign -S -m FILE -t "service=${service} version=1.2.3 target=${machine} sha256=$(sha256sum < FILE | cut -d' ' -f1)"`,
        cause,
      },
    );
  const text = await signatureText(required.signature, base).catch((error: Error) => {
    throw refuse(error.message, error);
  });
  const signed = parseMinisignature(text);
  if (typeof signed === 'string') throw refuse(signed);
  const problem = minisignProblem(signed, key, await blake2b512(await artifactFile(step.artifact, base)));
  if (problem !== undefined) throw refuse(problem);
  const facts = parseSignedFacts(signed.trustedComment);
  if (typeof facts === 'string') throw refuse(facts);
  const wrong = factProblem(facts, service, artifact);
  if (wrong !== undefined) throw refuse(wrong);
  return { text: text.endsWith('\n') ? text : `${text}\n`, publicKey: required.publicKey, facts };
}

function factProblem(facts: SignedFacts, service: string, artifact: Artifact): string | undefined {
  if (facts.service !== service) return `it is for service ${facts.service}, not ${service}`;
  if (facts.sha256 !== artifact.sha256) return `it is for a binary with sha256 ${facts.sha256}`;
  const machine = artifact.elf?.machine;
  if (machine !== undefined && machine !== targetMachine(facts.target))
    return `it is for ${facts.target}, and the binary is built for ${machine}`;
  return undefined;
}

async function signatureText(from: string, base: string): Promise<string> {
  const content = from.startsWith('https://') ? await fetched(from) : await readFile(resolve(base, from));
  if (content.length > SIGNATURE_MAX_BYTES) throw new Error('it is too large to be one');
  return content.toString('utf8');
}

async function fetched(url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!answer.ok || answer.body === null) throw new Error(`GET answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > SIGNATURE_MAX_BYTES) break;
  }
  return Buffer.concat(chunks);
}

async function blake2b512(file: string): Promise<Buffer> {
  const hash = createHash('blake2b512');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest();
}
