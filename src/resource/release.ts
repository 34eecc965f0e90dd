import { z } from 'zod';
import { parseMinisignKey } from '../host/minisign.ts';
import type { ArtifactSource, MinisignRequirement, ReleaseText, StepDraft } from '../model/playbook.ts';
import { Secret } from '../util/secret.ts';
import { draft } from './draft.ts';
import { argvField, contentField, modeField } from './fields.ts';
import { checkOptions, optionProblem } from './options.ts';
import { isTemplate, renderContent, type Template } from './template.ts';

export type ReleaseFileOptions = {
  /** Relative to the release directory, e.g. `config/1.yaml`. */
  readonly path: string;
  readonly content: string | Secret | Template;
  /** Default: `0444`; for a secret `0440`: root and the group of the service. */
  readonly mode?: string | undefined;
};

export type ReleaseOptions = {
  /** Name of the binary: it lies as `bin/<binary>` in the release directory. */
  readonly binary: string;
  /** A file, relative to the project, or an https URL with its digest. */
  readonly from: string | { readonly path: string } | { readonly url: string; readonly sha256: string };
  /**
   * The binary must be signed: checked here, and by every host that pins keys in its policy. `publicKey` is the last line
   * of the public key file. `signature` is a path or an https URL; default: beside the binary, with `.minisig` added.
   */
  readonly require?:
    | { readonly minisign: { readonly publicKey: string; readonly signature?: string | undefined } }
    | undefined;
  readonly files?: readonly ReleaseFileOptions[] | undefined;
  /** A config test of the new binary, run as the service user before anything is disturbed; `{dir}` is the staged directory. */
  readonly test?: readonly string[] | undefined;
  /** Words for people that are kept with the release. */
  readonly metadata?: { readonly [key: string]: string } | undefined;
};

const fileSchema = z.strictObject({
  path: z.string(),
  content: z.union([contentField, z.custom<Template>(isTemplate)], {
    error: 'expected text, a secret or template()',
  }),
  mode: modeField.optional(),
});

const schema = z.strictObject({
  binary: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'expected a file name such as "edge"'),
  from: z.union(
    [
      z.string().min(1),
      z.strictObject({ path: z.string().min(1) }),
      z.strictObject({
        url: z.string().regex(/^https:\/\/[^\s]+$/, 'must be an https URL'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'),
      }),
    ],
    { error: 'expected a path, { path } or { url, sha256 }' },
  ),
  require: z
    .strictObject({
      minisign: z.strictObject({
        publicKey: z.string().refine((key) => parseMinisignKey(key) !== undefined, {
          error: 'expected a minisign key, the line of the public key file that begins with RW',
        }),
        signature: z.string().min(1).optional(),
      }),
    })
    .optional(),
  files: z.array(fileSchema).default([]),
  test: argvField.optional(),
  metadata: z.record(z.string(), z.string()).default({}),
});

/** Names in a release directory that are pdeploy's own. */
const RESERVED = [
  'manifest',
  'meta',
  'env',
  '.verified',
  'unit',
  'dropins',
  'logrotate',
  'bin',
  'signature',
  'credentials',
];

/**
 * What is rolled out: a binary and the text files that belong to it, immutable and addressed by content. A changed
 * configuration is a new release too, and rolls back like one.
 * @example release({ binary: 'edge', from: './target/release/edge', files: [{ path: 'config/1.yaml', content: template('edge.yaml', vars) }] })
 */
export function release(options: ReleaseOptions): StepDraft {
  const { binary, from, files, test, metadata, require } = checkOptions('release', schema, options);
  if (typeof from === 'string' && /^[a-z]+:\/\//i.test(from))
    throw optionProblem('release', `from: a URL needs its digest: { url: "${from}", sha256: "..." }`);
  const seen = new Set<string>();
  for (const { path, mode } of files) {
    const why = releasePathProblem(path) ?? (seen.has(path) ? 'is there twice' : undefined);
    if (why !== undefined) throw optionProblem('release', `files: "${path}" ${why}`);
    seen.add(path);
    if (require !== undefined && /[1357]/.test(mode ?? ''))
      throw optionProblem('release', `files: "${path}" could be started, and only the binary is signed`);
  }
  return draft((ctx) => {
    const rendered = files.map((file): ReleaseText => {
      const content = renderContent('release', file.content, ctx.directory);
      const mode = file.mode ?? (content instanceof Secret ? '0440' : '0444');
      if (content instanceof Secret && /[1-7]$/.test(mode))
        throw optionProblem(
          'release',
          `files: "${file.path}" holds a secret and mode ${mode} lets everybody read it`,
        );
      return { path: file.path, content, mode };
    });
    const artifact =
      typeof from === 'string'
        ? { kind: 'path' as const, path: from }
        : 'path' in from
          ? { kind: 'path' as const, path: from.path }
          : { kind: 'url' as const, url: from.url, sha256: from.sha256 };
    return {
      type: 'release',
      id: 'release',
      artifact,
      binary,
      files: rendered,
      metadata,
      ...(test === undefined ? {} : { test }),
      ...(require === undefined ? {} : { minisign: requirement(require.minisign, artifact) }),
    };
  });
}

function requirement(
  given: { readonly publicKey: string; readonly signature?: string | undefined },
  artifact: ArtifactSource,
): MinisignRequirement {
  const beside = `${artifact.kind === 'path' ? artifact.path : artifact.url}.minisig`;
  return { publicKey: given.publicKey, signature: given.signature ?? beside };
}

function releasePathProblem(path: string): string | undefined {
  if (
    !/^[A-Za-z0-9_.@+-]+(\/[A-Za-z0-9_.@+-]+)*$/.test(path) ||
    path.split('/').some((part) => /^\.{1,2}$|^-/.test(part))
  )
    return 'is not a relative path of plain names such as "config/1.yaml"';
  const first = path.split('/')[0] ?? '';
  return RESERVED.includes(first)
    ? 'lies where pdeploy puts its own files, use a folder such as config/'
    : undefined;
}
