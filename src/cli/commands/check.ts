import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { decodeUtf8 } from '../../config/yaml/text.ts';
import { EXIT, type Problem, UsageError } from '../../errors.ts';
import { type ConfFile, readConf } from '../../pingora/lint/conf-file.ts';
import { describeFindings } from '../../pingora/lint/describe.ts';
import { toJson } from '../../pingora/lint/finding.ts';
import { lint, RULES } from '../../pingora/lint/lint.ts';
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
        describe: 'The instances of one host: .yaml, .yml, .json, and their unit: .service, .conf',
      })
      .option('pingora', { type: 'string', describe: `Its version (${NEWEST})` })
      .option('activation', {
        choices: ['restart', 'handover'] as const,
        default: 'restart',
        describe: 'How a new release takes the place of the old one',
      })
      .option('drain', { type: 'string', default: '0s', describe: 'What comes before a stop, e.g. 5s' })
      .option('own', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'A top-level key that the program reads itself, beside app',
      })
      .option('allow', { type: 'string', array: true, nargs: 1, describe: 'A rule to pass over' }),
  handler: (args) => {
    const files = texts(args, 'files');
    const subject = subjectOf(args, files);
    const found = lint(subject, allowed(args));
    const findings = args.quiet === true ? found.filter((f) => f.severity === 'error') : found;
    if (args.output === 'json') out.data(JSON.stringify(findings.map(toJson), null, 2));
    else out.data(sanitizeLines(describeFindings(findings, files.length)).join('\n'));
    process.exitCode = findings.some((f) => f.severity === 'error') ? EXIT.usage : EXIT.done;
  },
};

/** @throws UsageError with all that cannot be read */
function subjectOf(args: Args, files: readonly string[]): Subject {
  if (files.length === 0)
    throw UsageError.of('PD2237', 'check what?', 'pdeploy check CONFIG.yaml edge@.service');
  const version = text(args, 'pingora') ?? NEWEST;
  if (!isVersion(version))
    throw UsageError.of('PD2210', `--pingora ${version}: expected a version such as ${NEWEST}`);
  const drain = parseDuration(text(args, 'drain') ?? '0s');
  if (drain === undefined)
    throw UsageError.of('PD2210', `--drain ${args.drain}: expected a duration such as 5s`);
  const read = files.map(readOne);
  const problems = read.flatMap((one) => one.problems ?? []);
  if (problems.length > 0) throw new UsageError(problems);
  return {
    version,
    confs: read.flatMap((one) => one.conf ?? []),
    units: read.flatMap((one) => one.unit ?? []),
    activation: args.activation === 'handover' ? 'handover' : 'restart',
    appKeys: ['app', ...texts(args, 'own')],
    drainSeconds: drain / 1_000,
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
