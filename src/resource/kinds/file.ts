import { z } from 'zod';
import type { StepDraft } from '../../model/playbook.ts';
import type { Change, ResourceKind } from '../../model/resource.ts';
import { sha256 } from '../../util/digest.ts';
import { Secret } from '../../util/secret.ts';
import { draft } from '../draft.ts';
import { contentField, hostPathField, modeField, userField } from '../fields.ts';
import { checkOptions } from '../options.ts';
import { resourceStep } from '../step.ts';
import { isTemplate, renderContent, type Template } from '../template.ts';
import { attributeChanges, pathAnswer } from './directory.ts';

export type Phase = 'prepare' | 'activate';

export type FileOptions = {
  readonly path: string;
  readonly content: string | Secret | Template;
  /** Default: `root`. */
  readonly owner?: string | undefined;
  /** Default: the owner's name. */
  readonly group?: string | undefined;
  /** Default: `0644`, for a secret `0600`. */
  readonly mode?: string | undefined;
  /** Default `activate`: written just before the first instance of the host restarts, and undone with it. */
  readonly phase?: Phase | undefined;
};

export type File = {
  readonly path: string;
  readonly content: string | Secret;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
};

const schema = z.strictObject({
  path: hostPathField,
  content: z.union([contentField, z.custom<Template>(isTemplate)], {
    error: 'expected text, a secret or template()',
  }),
  owner: userField.default('root'),
  group: userField.optional(),
  mode: modeField.optional(),
  phase: z.enum(['prepare', 'activate']).default('activate'),
});

const kinds: { readonly [P in Phase]: ResourceKind<File> } = {
  prepare: fileKind('prepare'),
  activate: fileKind('activate'),
};

export function fileKind(phase: Phase): ResourceKind<File> {
  const kind: ResourceKind<File> = {
    kind: 'file',
    phase,
    describe: (file) => `file ${file.path}`,
    // The text of a secret stays on the host: digests are enough to compare.
    queries: (file, id) => [{ kind: 'path', id, path: file.path, text: !(file.content instanceof Secret) }],
    diff: (file, [answer]) => {
      const found = pathAnswer(answer, 'file', file.path);
      if (found === undefined)
        return [
          { field: 'state', from: 'absent', to: `file ${file.mode} ${file.owner}:${file.group}` },
          contentChange(file, { sha256: '', text: '' }),
        ];
      const same = found.sha256 === sha256(reveal(file.content));
      return [...attributeChanges(file, found), ...(same ? [] : [contentChange(file, found)])];
    },
    ops: (file, answers) => (kind.diff(file, answers).length === 0 ? [] : [{ kind: 'file', ...file }]),
  };
  return kind;
}

function contentChange(file: File, found: { readonly sha256: string; readonly text?: string }): Change {
  if (!(file.content instanceof Secret)) {
    const from = found.text ?? `sha256 ${found.sha256.slice(0, 7)}`;
    return { field: 'content', from, to: file.content };
  }
  const name = file.content.name;
  const print = (digest: string): string => (digest === '' ? '' : sha256(`${name}\0${digest}`).slice(0, 4));
  return {
    field: 'content',
    from: print(found.sha256),
    to: print(sha256(file.content.reveal())),
    secret: true,
  };
}

function reveal(content: string | Secret): string {
  return content instanceof Secret ? content.reveal() : content;
}

/**
 * A file with exactly this content. The configuration of the service belongs into `release({ files })`, where it
 * is rolled back with the binary; this is for what lies elsewhere on the host.
 * @example file({ path: '/etc/motd', content: template('motd.txt', { name: host.name }) })
 */
export function file(options: FileOptions): StepDraft {
  const { phase, ...rest } = checkOptions('file', schema, options);
  return draft((ctx) => {
    const content = renderContent('file', rest.content, ctx.directory);
    const mode = rest.mode ?? (content instanceof Secret ? '0600' : '0644');
    return resourceStep(rest.path, kinds[phase], { ...rest, content, mode, group: rest.group ?? rest.owner });
  });
}
