import { createTwoFilesPatch } from 'diff';
import type { Answer, Observation } from '../model/facts.ts';
import type { PlannedChange } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import type { HostOp, ResourceStep } from '../model/resource.ts';
import { Secret } from '../util/secret.ts';
import type { CompiledHost, ReleaseContent } from './compile.ts';
import type { CachedRelease } from './release-cache.ts';
import { changesWithoutSecrets } from './without-secrets.ts';

export type HostChanges = {
  readonly planned: readonly PlannedChange[];
  readonly ops: { readonly prepare: readonly HostOp[]; readonly activate: readonly HostOp[] };
  readonly irreversible: readonly string[];
};

/** Diffs every step of a host against what was observed. */
export function hostChanges(
  compiled: CompiledHost,
  observation: Observation,
  previous: CachedRelease | undefined,
): HostChanges {
  const own = [
    releaseChange(compiled, observation, previous),
    ...compiled.texts.map((text) => textChange(text, compiled, previous)),
  ];
  const rest = resourceChanges(compiled.resources, observation);
  return { ...rest, planned: [...changesWithoutSecrets(own), ...rest.planned] };
}

/** The same for steps that are resources of the host itself. */
export function resourceChanges(resources: readonly ResourceStep[], observation: Observation): HostChanges {
  const planned: PlannedChange[] = [];
  const ops: { prepare: HostOp[]; activate: HostOp[] } = { prepare: [], activate: [] };
  const irreversible: string[] = [];
  for (const step of resources) {
    const answers = answersOf(step, observation);
    const changes = step.resource.diff(step.desired, answers);
    const absent = answers.length > 0 && answers.every((a) => a.kind === 'absent');
    const action = changes.length === 0 ? 'same' : absent ? 'add' : 'change';
    planned.push({ step: step.id, action, changes, ...resourceDiff(step, answers) });
    if (changes.length === 0) continue;
    ops[step.resource.phase].push(...step.resource.ops(step.desired, answers));
    const why = step.resource.irreversible?.(step.desired);
    if (why !== undefined) irreversible.push(`${step.id}: ${why}`);
  }
  return { planned: changesWithoutSecrets(planned), ops, irreversible };
}

function answersOf(step: ResourceStep, observation: Observation): readonly Answer[] {
  return step.resource
    .queries(step.desired, step.id)
    .map((q) => observation.answers.get(q.id) ?? { kind: 'absent' });
}

function releaseChange(
  compiled: CompiledHost,
  observation: Observation,
  previous: CachedRelease | undefined,
): PlannedChange {
  const from = previous?.digest ?? [...observation.instances.values()][0]?.current ?? '';
  const to = compiled.release.digest;
  if (from === to) return { step: 'release', action: 'same', changes: [] };
  return {
    step: 'release',
    action: from === '' ? 'add' : 'change',
    changes: [{ field: 'release', from: from === '' ? '' : shortId(from), to: shortId(to) }],
  };
}

function textChange(
  text: ReleaseContent,
  compiled: CompiledHost,
  previous: CachedRelease | undefined,
): PlannedChange {
  const step = text.path === 'unit' ? `${compiled.release.service}@.service` : text.path;
  const before = previous?.texts?.get(text.path);
  const after = text.content instanceof Secret ? undefined : text.content;
  const sha = compiled.release.files.find((f) => f.path === text.path)?.sha256 ?? '';
  const oldSha = manifestSha(previous?.manifest ?? '', text.path);
  if (oldSha === sha) return { step, action: 'same', changes: [] };
  const change = { field: 'content', from: oldSha === '' ? '' : oldSha.slice(0, 4), to: sha.slice(0, 4) };
  const patch =
    after === undefined || (before === undefined && oldSha !== '')
      ? undefined
      : unified(
          text.path,
          before ?? '',
          after,
          shortId(previous?.digest ?? ''),
          shortId(compiled.release.digest),
        );
  return {
    step,
    action: oldSha === '' ? 'add' : 'change',
    changes: [after === undefined ? { ...change, secret: true } : change],
    ...(patch === undefined ? {} : { diff: patch }),
  };
}

function resourceDiff(step: ResourceStep, answers: readonly Answer[]): { readonly diff?: string } {
  const desired = step.desired as { readonly path?: unknown; readonly content?: unknown };
  const answer = answers[0];
  if (typeof desired.content !== 'string' || typeof desired.path !== 'string') return {};
  const before = answer?.kind === 'path' ? answer.text : '';
  if (before === undefined || before === desired.content) return {};
  return { diff: unified(desired.path, before, desired.content, 'host', 'playbook') };
}

function unified(name: string, before: string, after: string, from: string, to: string): string {
  const patch = createTwoFilesPatch(name, name, before, after, `(${from})`, `(${to})`, { context: 3 });
  return patch.slice(patch.indexOf('--- ')).replace('\t(', ' (').replace('\t(', ' (');
}

function manifestSha(manifest: string, path: string): string {
  const line = manifest.split('\n').find((l) => l.endsWith(` ${path}`));
  return line?.split(' ')[0] ?? '';
}
