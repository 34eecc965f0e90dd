/** What a playbook imports. */
export { z } from 'zod';
export { UsageError } from './errors.ts';
export type { Answer } from './model/facts.ts';
export type { HealthCheck, Probe, Vantage } from './model/health.ts';
export type { Host, Instance } from './model/host.ts';
export type { Json, Vars } from './model/json.ts';
export type { Playbook, ServicePaths, Step, StepContext, StepDraft } from './model/playbook.ts';
export type { Change, HostOp, Query, ResourceStep } from './model/resource.ts';
export type { SecretSource } from './model/secret-source.ts';
export type { UnitText } from './model/unit-text.ts';
export type { ServerConf } from './pingora/server-conf.ts';
export { pingoraService } from './pingora/service.ts';
export type { PingoraServiceOptions } from './pingora/service-options.ts';
export type { TlsLibrary, TlsOptions } from './pingora/tls.ts';
export { definePlaybook, extendPlaybook, isPlaybook, type PlaybookOptions } from './playbook/define.ts';
export type { HookOptions } from './playbook/hooks.ts';
export type { StrategyOptions } from './playbook/strategy.ts';
export { type CertificateOptions, certificate } from './resource/certificate.ts';
export { defineResource, type ResourceDefinition } from './resource/define-resource.ts';
export {
  type DrainAdapter,
  type ExecDrainOptions,
  execDrain,
  type HaproxyOptions,
  type HttpCallOptions,
  haproxy,
  httpCall,
  type ReadinessFileOptions,
  readinessFile,
} from './resource/drains.ts';
export type { Duration } from './resource/fields.ts';
export { type AbsentOptions, absent } from './resource/kinds/absent.ts';
export { type CommandOptions, command } from './resource/kinds/command.ts';
export { type DirectoryOptions, directory } from './resource/kinds/directory.ts';
export { type FileOptions, file } from './resource/kinds/file.ts';
export { type SysctlOptions, sysctl } from './resource/kinds/sysctl.ts';
export { type UserOptions, user } from './resource/kinds/user.ts';
export { type LogrotateOptions, logrotate } from './resource/logrotate.ts';
export { portOf } from './resource/port-of.ts';
export {
  type ExecProbeOptions,
  exec,
  type HttpProbeOptions,
  http,
  systemd,
  type TcpProbeOptions,
  type TlsProbeOptions,
  tcp,
  tls,
} from './resource/probes.ts';
export { type ReleaseFileOptions, type ReleaseOptions, release } from './resource/release.ts';
export { secret } from './resource/secret.ts';
export { secretOf } from './resource/secret-of.ts';
export { type HealthOptions, type ServiceOptions, service } from './resource/service.ts';
export { type SystemdUnitOptions, systemdUnit } from './resource/systemd-unit.ts';
export { type Template, type TemplateValue, template } from './resource/template.ts';
export type { ThroughOptions } from './resource/through.ts';
export type { Argv, ExecLine, Text } from './resource/unit/codec.ts';
export type { Hardening } from './resource/unit/hardening.ts';
export type { InstallSection, ServiceSection, UnitSection } from './resource/unit/section.ts';
export { specifier, unit, variable } from './resource/unit/text.ts';
export { Secret } from './util/secret.ts';
