import type { Secret } from '../util/secret.ts';
import type { CertificateStep, TlsProfile } from './certificate.ts';
import type { Drain } from './drain.ts';
import type { HealthCheck } from './health.ts';
import type { Host, Instance } from './host.ts';
import type { ResourceStep } from './resource.ts';
import type { SecretSource } from './secret-source.ts';
import type { Strategy } from './strategy.ts';
import type { UnitText } from './unit-text.ts';

/** Where a release's binary comes from. An https URL needs its digest. */
export type ArtifactSource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string; readonly sha256: string };

/** A text file that is part of the release; `path` is relative to the release directory, e.g. `config/1.yaml`. */
export type ReleaseText = { readonly path: string; readonly content: string | Secret; readonly mode: string };

/** Who must have signed a binary, and where the signature is: a path or an https URL. */
export type MinisignRequirement = { readonly publicKey: string; readonly signature: string };

/** What the rules for Pingora have to know of a release that they cannot read from its files. */
export type PingoraPart = {
  readonly version: string;
  /** Top-level key that the program reads itself. */
  readonly appKey: string;
  readonly drainSeconds: number;
  /** Names of rules that are passed over. */
  readonly allow: readonly string[];
  /** What its TLS listeners offer, where the playbook says so. */
  readonly tls?: TlsProfile;
  readonly instances: readonly {
    readonly name: string;
    /** Of its configuration in the release. */
    readonly path: string;
    /** Addresses as Pingora gets them. */
    readonly listeners: readonly string[];
  }[];
};

export type ReleaseStep = {
  readonly type: 'release';
  readonly id: string;
  readonly artifact: ArtifactSource;
  /** Lies as `bin/<binary>` in the release directory. */
  readonly binary: string;
  readonly minisign?: MinisignRequirement;
  readonly files: readonly ReleaseText[];
  /** Arguments of a config test of the new binary, run as the service user; `{dir}` is the staged directory. */
  readonly test?: readonly string[];
  readonly metadata: { readonly [key: string]: string };
  /** The binary is a Pingora service, made by `pingoraService()`. */
  readonly pingora?: PingoraPart;
};

/** The rendered unit of every instance: `%i` is the instance name, so that one text serves all. */
export type UnitStep = {
  readonly type: 'unit';
  readonly id: string;
  readonly text: string;
  readonly dropIns: readonly { readonly name: string; readonly text: string }[];
  readonly user: string;
  /** Secrets of the unit, files of the release that root alone can read: systemd hands them to the service. */
  readonly credentials?: readonly ReleaseText[];
  /** Those that are encrypted for each host by itself, and lie outside of the release. */
  readonly encrypted?: readonly EncryptedCredential[];
};

export type EncryptedCredential = { readonly name: string; readonly path: string; readonly content: Secret };

export type LogrotateStep = { readonly type: 'logrotate'; readonly id: string; readonly text: string };

export type ServiceStep = {
  readonly type: 'service';
  readonly id: string;
  readonly enabled: boolean;
  readonly stopTimeoutMs: number;
  /** A release that differs in its configuration alone is reloaded. */
  readonly reload: boolean;
  /** How each instance is taken out of traffic, in order, by instance name. */
  readonly drain: ReadonlyMap<string, readonly Drain[]>;
  /** A successor takes the listening sockets over; undefined where instances are restarted. */
  readonly handover?: HandoverStep;
  /** Health check of each instance on the host, by instance name. */
  readonly health: ReadonlyMap<string, HealthCheck>;
};

/** How instances hand their listening sockets over; maps by instance name. */
export type HandoverStep = {
  /** `auto` restarts where it cannot be done, `handover` is refused then. */
  readonly activation: 'handover' | 'auto';
  /** Path of the upgrade socket. */
  readonly sockets: ReadonlyMap<string, string>;
  /** Addresses as the configuration of the service spells them. */
  readonly listeners: ReadonlyMap<string, readonly string[]>;
  readonly pingora?: string;
};

export type Step = ResourceStep | ReleaseStep | UnitStep | LogrotateStep | ServiceStep | CertificateStep;

/** Hooks run on the controller; argv, no shell. */
export type HookName = 'beforePlan' | 'beforeWave' | 'afterWave' | 'afterDeployment' | 'onFailure';
export type Hook = { readonly argv: readonly string[]; readonly timeoutMs: number };

/** What `steps` is called with, once a host. It must be pure: it is called twice and has to give the same. */
export type StepContext<V, N extends string = string> = {
  readonly host: Host;
  readonly instances: readonly Instance[];
  readonly service: string;
  /** Label of the release that is rolled out. */
  readonly label: string;
  readonly vars: V;
  /** The secrets that the playbook names under `secrets`. */
  readonly secrets: { readonly [K in N]: Secret };
  readonly paths: ServicePaths;
  /** Directory of the playbook file, where its templates lie. */
  readonly directory?: string;
};

/** What a draft learns from the playbook around it. */
export type DraftContext = {
  readonly strategy: Strategy;
  readonly stopTimeoutMs: number;
  /** Arguments of a successor, when instances hand over. */
  readonly successorArgs?: readonly string[];
};

/** A step that a factory cannot finish before it knows the context; definePlaybook does. `stack` tells where it was written. */
export type StepDraft = {
  readonly type: 'draft';
  readonly stack: string;
  /** Set by service(): how long a stop may take, which the unit has to say too. */
  readonly stopTimeoutMs?: number;
  /** Set by service(): how the unit starts a successor. */
  readonly successorArgs?: readonly string[];
  readonly make: (ctx: StepContext<unknown>, playbook: DraftContext) => Step;
};

/** Absolute paths on the host. */
export type ServicePaths = {
  /** `/opt/pdeploy/<service>` */
  readonly root: string;
  /** `/run/pdeploy/<service>/%i/current`: the release the instance runs or tries. Of use in units only, hence marked. */
  readonly current: UnitText;
};

/** A playbook after it was loaded and its user's types are gone. */
export type Playbook = {
  readonly name: string;
  readonly service: string;
  readonly strategy: Partial<Strategy>;
  readonly hooks: Partial<Record<HookName, Hook>>;
  readonly secrets: ReadonlyMap<string, SecretSource>;
  /** Checks variables of a host; returns the parsed value or messages with dotted paths. */
  readonly parseVars: (input: unknown) =>
    | { readonly ok: true; readonly value: unknown }
    | {
        readonly ok: false;
        readonly problems: readonly { readonly path: string; readonly message: string }[];
      };
  readonly steps: (ctx: StepContext<never>) => readonly Step[];
};
