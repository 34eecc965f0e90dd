import { setTimeout as sleep } from 'node:timers/promises';
import type * as Acme from 'acme-client';
import { RefusedError, UsageError } from '../../errors.ts';
import type { AcmeSource } from '../../model/certificate.ts';
import { lifeOf } from '../life.ts';
import { fingerprintOf, namesOf, readPem } from '../pem.ts';
import { certificateProblems } from '../validate.ts';
import { renewalWindow } from './ari.ts';
import { updateDns } from './dns.ts';
import { afterFailure, dueAt } from './due.ts';
import { openResponder, type Place } from './http.ts';
import type { CertificateStore, CertificateStores } from './store.ts';

export type IssueRequest = {
  readonly name: string;
  readonly source: AcmeSource;
  readonly stores: CertificateStores;
  /** Where hooks are started. */
  readonly project: string;
  /** Instances that let the answer of an HTTP challenge through. */
  readonly places: readonly Place[];
  /** Roots as PEM that must have issued it; undefined: any. */
  readonly roots: readonly string[] | undefined;
  /** Now, and in spite of tries that failed. */
  readonly force: boolean;
};

export type Issued = {
  readonly kind: 'issued' | 'current';
  readonly fingerprint: string;
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  readonly dueAt: number;
};

/**
 * Has a certificate issued, when there is none or it is due. One try: what fails is written down, and not tried again
 * before a pause that doubles, whoever calls.
 * @throws RefusedError PD3510 when it fails, PD3511 in the pause after that, PD3512 without the package acme-client
 */
export async function issueCertificate(request: IssueRequest): Promise<Issued> {
  const store = request.stores.of(request.name);
  const known = await knownCertificate(request, store);
  if (known !== undefined && known.dueAt > Date.now() && !request.force) return known;
  const state = await store.state();
  if (state.retryAt > Date.now() && !request.force)
    throw new RefusedError(
      'PD3511',
      `certificate ${request.name}: the last try failed (${state.lastError}); the next one is not before ${new Date(state.retryAt).toISOString()}`,
      { hint: 'put right what was wrong, then: pdeploy certs issue --force' },
    );
  const acme = await loadClient();
  try {
    const pem = await order(acme, request);
    await store.save(pem);
    await store.note({ failures: 0, retryAt: 0, lastError: '' });
  } catch (error) {
    // Nobody was asked: a key to open what is kept here is missing.
    if (error instanceof UsageError) throw error;
    const why = reasonOf(error);
    await store.note(afterFailure(state, why, Date.now()));
    throw new RefusedError('PD3510', `certificate ${request.name} could not be issued: ${why}`, {
      cause: error,
      hint: 'nothing has been changed; the certificate that is there stays',
    });
  }
  const issued = await knownCertificate(request, store);
  if (issued === undefined) throw new Error('the certificate that was issued is not there');
  return { ...issued, kind: 'issued' };
}

/** What is there, if it is for the names that are wanted; its window is asked for once, when there is none yet. */
async function knownCertificate(request: IssueRequest, store: CertificateStore): Promise<Issued | undefined> {
  const text = await store.current();
  const leaf = text === undefined ? undefined : readPem(text).chain[0];
  if (leaf === undefined) return undefined;
  const has = new Set(namesOf(leaf));
  if (request.source.names.some((name) => !has.has(`DNS:${name}`))) return undefined;
  const fingerprint = fingerprintOf(leaf);
  let state = await store.state();
  const window = await renewalWindow(request.source.directory, leaf);
  if (window !== undefined) {
    state = { ...state, window: { fingerprint, ...window } };
    await store.note(state);
  }
  const life = lifeOf(leaf);
  return {
    kind: 'current',
    fingerprint,
    names: request.source.names,
    notAfter: life.notAfter,
    dueAt: dueAt(life, fingerprint, state),
  };
}

/** The PEM of the new chain and its key. */
async function order(acme: typeof Acme, request: IssueRequest): Promise<string> {
  const { source, stores, name } = request;
  const account = await stores.account(source.directory, async () =>
    (await acme.crypto.createPrivateEcdsaKey('P-256')).toString(),
  );
  const client = new acme.Client({
    directoryUrl: source.directory,
    accountKey: account,
    ...(source.externalAccount === undefined
      ? {}
      : {
          externalAccountBinding: {
            kid: source.externalAccount.kid,
            hmacKey: source.externalAccount.hmacKey.reveal(),
          },
        }),
  });
  const made =
    source.keyType === 'ec'
      ? await acme.crypto.createPrivateEcdsaKey('P-256')
      : await acme.crypto.createPrivateRsaKey(2_048);
  const [key, csr] = await acme.crypto.createCsr({ altNames: [...source.names] }, made);
  const answers = await openAnswers(request);
  let chain: string;
  try {
    chain = await client.auto({
      csr,
      termsOfServiceAgreed: true,
      ...(source.email === undefined ? {} : { email: source.email }),
      challengePriority: [answers.type],
      skipChallengeVerification: !answers.verify,
      challengeCreateFn: ({ identifier }, challenge, answer) => {
        if (challenge.type !== answers.type)
          throw new Error(`the CA does not offer ${answers.type} for ${identifier.value}`);
        return answers.present(identifier.value, challenge.token, answer);
      },
      challengeRemoveFn: ({ identifier }, challenge, answer) =>
        answers.remove(identifier.value, challenge.token, answer),
    });
  } finally {
    await answers.close();
  }
  const now = Date.now();
  const problems = certificateProblems({
    chain: readPem(chain).chain,
    key: key.toString(),
    servers: [],
    roots: request.roots,
    settleMs: 0,
    clocks: { earliest: now, latest: now },
  });
  if (problems.length > 0)
    throw new Error(`the CA gave for ${name}: ${problems.map((p) => p.message).join('; ')}`);
  return `${chain.trimEnd()}\n${key.toString()}`;
}

type Answers = {
  readonly type: 'dns-01' | 'http-01';
  readonly verify: boolean;
  readonly present: (domain: string, token: string, answer: string) => Promise<void>;
  readonly remove: (domain: string, token: string, answer: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

async function openAnswers({ source, places, project }: IssueRequest): Promise<Answers> {
  const { challenge } = source;
  if (challenge.kind === 'http') {
    const responder = await openResponder(challenge.listen, places);
    return {
      type: 'http-01',
      // Every instance is asked already.
      verify: false,
      present: (domain, token, answer) => responder.present(token, answer, domain),
      remove: async (_, token) => responder.remove(token),
      close: responder.close,
    };
  }
  const update = (action: 'present' | 'remove', domain: string, value: string): Promise<void> =>
    updateDns(challenge, { action, domain, name: `_acme-challenge.${domain}`, value }, project);
  return {
    type: 'dns-01',
    verify: challenge.verify,
    present: async (domain, _, answer) => {
      await update('present', domain, answer);
      await sleep(challenge.waitMs);
    },
    remove: (domain, _, answer) => update('remove', domain, answer),
    close: async () => undefined,
  };
}

/** It brings 50 packages, so that only those have it who let a CA issue. */
async function loadClient(): Promise<typeof Acme> {
  try {
    return await import('acme-client');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new RefusedError('PD3512', 'the package acme-client is not installed beside pdeploy', {
      hint: 'npm install acme-client@5',
    });
  }
}

function reasonOf(error: unknown): string {
  const { message, errors } = error as Error & { readonly errors?: readonly Error[] };
  // Node says why a connection failed by any address, and nothing of its own.
  return message || (errors ?? []).map((one) => one.message).join('; ') || String(error);
}
