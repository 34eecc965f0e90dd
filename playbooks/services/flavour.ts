import type { Instance, ServicePaths, Step, StepDraft, UnitText } from 'pdeploy';

/** What the rollout playbook has to know of a program. */
export type Flavour = {
  /** Name of the binary in the release. */
  readonly binary: string;
  /** Arguments in front of the configuration file, to serve and to check it. */
  readonly run: readonly string[];
  readonly test: readonly string[];
  /** The configuration of one instance; it is written as JSON, which is YAML too. */
  readonly config: (instance: Instance, vars: FlavourVars) => object;
  /** Variables of an instance that name the ports it must listen on; the first answers /readyz. */
  readonly ports: readonly [string, ...string[]];
  readonly environment: { readonly [name: string]: UnitText };
};

export type FlavourVars = {
  readonly workers: number;
  readonly upstream?: string | undefined;
  readonly drain_seconds: number;
  readonly grace_seconds: number;
  readonly tls?: object | undefined;
  readonly fault: { readonly [name: string]: unknown };
};

/** Variables of the whole playbook. */
export type RolloutVars = FlavourVars & {
  readonly binary: string | { readonly url: string; readonly sha256: string };
  readonly user: string;
  readonly log: 'journal' | 'file';
  readonly hardening: 'A' | 'B' | 'none';
  readonly activation: 'restart' | 'handover' | 'auto';
  readonly tls?:
    | {
        readonly servers: readonly string[];
        readonly cert: string;
        readonly key: string;
        readonly trust: 'system' | 'none' | { readonly file: string };
        readonly profile: 'intermediate' | 'modern';
      }
    | undefined;
};

/** The steps that roll a program out. */
export type Steps = (context: {
  readonly vars: RolloutVars;
  readonly service: string;
  readonly instances: readonly Instance[];
  readonly paths: ServicePaths;
}) => readonly (Step | StepDraft | undefined | false)[];
