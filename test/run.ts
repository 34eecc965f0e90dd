/**
 * `npm test`: installs what is missing, then runs every check and suite there is. Ends with one line that counts what ran.
 * A suite that ran no test, or was cut short, is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { installPackages } from './packages.ts';

type Count = { passed: number; failed: number; skipped: number };
/** What vitest writes of a run (its json reporter), as far as it is read here. */
type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
};

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-test-'));
const total: Count = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told once more at the end: the output is long, and its end is what people see. */
const failures: string[] = [];

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function check(name: string, file: string, args: readonly string[]): void {
  say(`\n== ${name}`);
  const result = spawnSync(file, args, { stdio: 'inherit' });
  if (result.status === 0) {
    total.passed += 1;
    return;
  }
  total.failed += 1;
  failures.push(`${name}: exit ${result.status}`);
}

function suite(project: string): void {
  say(`\n== ${project} tests`);
  const report = join(dir, `${project}.json`);
  const args = [
    'run',
    '--project',
    project,
    `--sequence.seed=${process.env.PDEPLOY_TEST_SEED}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const result = spawnSync('vitest', args, { stdio: 'inherit' });
  const counts = read(report);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const broken = result.status !== 0 && counts.failed === 0;
  if (broken || counts.passed === 0) {
    failures.push(
      `the ${project} suite did not run as it should (exit ${result.status}, ${counts.passed} passed)`,
    );
    total.failed += 1;
  }
}

function read(report: string): Count {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8')) as Report;
    failures.push(...json.testResults.flatMap(told));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function told({ name, message, assertionResults }: Report['testResults'][number]): readonly string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return message === '' ? [] : [`${file}: ${message}`];
  return failed.map(
    ({ fullName, failureMessages }) => `${file}: ${fullName}\n${(failureMessages ?? []).join('\n')}`,
  );
}

/** A commit is tested alike wherever and whenever it is, and the next one by another seed. */
function seedOfCommit(): string {
  const head = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout?.slice(0, 6) ?? '';
  return String(Number.parseInt(`0${head}`, 16));
}

installPackages(say);
process.env.PDEPLOY_TEST_SEED ??= seedOfCommit();
say(`\nwhat is drawn at random: PDEPLOY_TEST_SEED=${process.env.PDEPLOY_TEST_SEED}`);
check('types', 'tsc', ['--noEmit']);
check('lint, format, floors', 'biome', ['check', '--error-on-warnings', '.']);
suite('unit');
suite('lab');
suite('e2e');
rmSync(dir, { recursive: true, force: true });
for (const failure of failures) say(`\nfailed: ${failure}`);
if (total.skipped > 0) say(`\n${total.skipped} skipped`);
say(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
