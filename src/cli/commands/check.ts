import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { count } from '../../config/show.ts';
import { decodeUtf8 } from '../../config/yaml/text.ts';
import { EXIT, type Problem, UsageError } from '../../errors.ts';
import { type ConfFile, readConf } from '../../pingora/lint/conf-file.ts';
import { describeFindings } from '../../pingora/lint/describe.ts';
import { toJson } from '../../pingora/lint/finding.ts';
import { lint, RULES } from '../../pingora/lint/lint.ts';
import type { Over } from '../../pingora/lint/release.ts';
import type { Subject } from '../../pingora/lint/subject.ts';
import { readUnit, type UnitFile } from '../../pingora/lint/unit-file.ts';
import { isVersion, NEWEST } from '../../pingora/version.ts';
import { parseDuration } from '../../util/duration.ts';
import { sanitizeLines } from '../../util/sanitize.ts';
import { type Args, text, texts } from '../args.ts';
import { out } from '../io.ts';
import { outputOptions } from '../options.ts';

export const checkCommand: CommandModule = {
  command: 'check [files..]',
  describe: 'Find what is wrong in the configuration and the unit of a Pingora service',
  builder: (y) =>
    outputOptions(y, ['text', 'json'])
      .positional('files', {
        type: 'string',
        array: true,
        describe:
          'Instances of one host: .yaml, .yml, .json, and their unit: .service, .conf; else the playbook',
      })
      .option('pingora', { type: 'string', describe: `Its version (what the playbook says, else ${NEWEST})` })
      .option('activation', {
        choices: ['restart', 'handover'] as const,
        describe: 'How a new release takes the place of the old one (restart)',
      })
      .option('drain', {
        type: 'string',
        describe: 'What comes before a stop, e.g. 5s (0s)',
        group: 'Files:',
      })
      .option('own', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'A top-level key that the program reads itself, beside app',
        group: 'Files:',
      })
      .option('allow', { type: 'string', array: true, nargs: 1, describe: 'A rule to pass over' })
      .option('inventory', {
        alias: 'i',
        type: 'string',
        describe: 'Name in inventories/ or a path',
        group: 'Playbook:',
      })
      .option('limit', { alias: 'l', type: 'string', describe: 'Only these hosts', group: 'Playbook:' })
      .option('service', {
        type: 'string',
        describe: 'Which service, when there are several',
        group: 'Playbook:',
      })
      .option('playbook', {
        type: 'string',
        describe: 'Name in playbooks/ or a path (rollout)',
        group: 'Playbook:',
      })
      .option('var', {
        alias: 'e',
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'key=value or @file.yaml; beats the inventory',
        group: 'Playbook:',
      }),
  handler: async (args) => {
    const files = texts(args, 'files');
    const allow = allowed(args);
    const over = overOf(args);
    const { findings, where } =
      files.length > 0
        ? { findings: lint(subjectOf(args, files, over), allow), where: count(files.length, 'file') }
        : await (await import('../check-playbook.ts')).checkPlaybook(args, over);
    const left = findings.filter(
      (f) => !allow.includes(f.rule) && (args.quiet !== true || f.severity === 'error'),
    );
    if (args.output === 'json') out.data(JSON.stringify(left.map(toJson), null, 2));
    else out.data(sanitizeLines(describeFindings(left, where)).join('\n'));
    process.exitCode = left.some((f) => f.severity === 'error') ? EXIT.usage : EXIT.done;
  },
};

function overOf(args: Args): Over {
  const version = text(args, 'pingora');
  if (version !== undefined && !isVersion(version))
    throw UsageError.of('PD2210', `--pingora ${version}: expected a version such as ${NEWEST}`);
  const { activation } = args;
  return {
    ...(version === undefined ? {} : { version }),
    ...(activation === 'handover' || activation === 'restart' ? { activation } : {}),
  };
}

/** @throws UsageError with all that cannot be read */
function subjectOf(args: Args, files: readonly string[], over: Over): Subject {
  const drain = parseDuration(text(args, 'drain') ?? '0s');
  if (drain === undefined)
    throw UsageError.of('PD2210', `--drain ${args.drain}: expected a duration such as 5s`);
  const read = files.map(readOne);
  const problems = read.flatMap((one) => one.problems ?? []);
  if (problems.length > 0) throw new UsageError(problems);
  return {
    version: NEWEST,
    confs: read.flatMap((one) => one.conf ?? []),
    units: read.flatMap((one) => one.unit ?? []),
    activation: 'restart',
    appKeys: ['app', ...texts(args, 'own')],
    drainSeconds: drain / 1_000,
    ...over,
  };
}

type ReadOne = { readonly conf?: ConfFile; readonly unit?: UnitFile; readonly problems?: readonly Problem[] };

function readOne(file: string): ReadOne {
  const kind = /\.(service|conf)$/.test(file) ? 'unit' : /\.(ya?ml|json)$/.test(file) ? 'conf' : undefined;
  const fail = (message: string, hint: string): ReadOne => ({
    problems: [{ code: 'PD2229', message, hint }],
  });
  if (kind === undefined)
    return fail(
      `${file} is neither a configuration nor a unit by its name`,
      'configurations end in .yaml, .yml or .json, units in .service or .conf',
    );
  const content = contentOf(file);
  if ('why' in content) return fail(`cannot read ${file}: ${content.why}`, 'correct the path');
  if (kind === 'unit') return { unit: readUnit(content.text, file) };
  const conf = readConf(content.text, file);
  return conf.ok ? { conf: conf.conf } : { problems: conf.problems };
}

function contentOf(file: string): { readonly text: string } | { readonly why: string } {
  try {
    const decoded = decodeUtf8(readFileSync(file));
    return decoded === undefined ? { why: 'it is not UTF-8 text' } : { text: decoded };
  } catch (error) {
    return { why: (error as Error).message };
  }
}

function allowed(args: Args): readonly string[] {
  const names = texts(args, 'allow');
  const unknown = names.find((name) => !RULES.some((rule) => rule.name === name));
  if (unknown === undefined) return names;
  throw UsageError.of(
    'PD2210',
    `--allow ${unknown}: there is no such rule`,
    `there is: ${RULES.map((r) => r.name).join(', ')}`,
  );
}
