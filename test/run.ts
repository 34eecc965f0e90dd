/**
 * `npm test`: installs what is missing, then runs every check and suite there is. Ends with one line that counts what ran.
 * A suite that ran no test, or was cut short, is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './packages.ts';

type Count = { passed: number; failed: number; skipped: number };

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-test-'));
const total: Count = { passed: 0, failed: 0, skipped: 0 };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function check(name: string, file: string, args: readonly string[]): void {
  say(`\n== ${name}`);
  const result = spawnSync(file, args, { stdio: 'inherit' });
  if (result.status === 0) total.passed += 1;
  else total.failed += 1;
}

function suite(project: string): void {
  say(`\n== ${project} tests`);
  const report = join(dir, `${project}.json`);
  const args = [
    'run',
    '--project',
    project,
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
    say(`the ${project} suite did not run as it should (exit ${result.status}, ${counts.passed} passed)`);
    total.failed += 1;
  }
}

function read(report: string): Count {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numTodoTests: number;
    };
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

installPackages(say);
check('types', 'tsc', ['--noEmit']);
check('lint, format, floors', 'biome', ['check', '--error-on-warnings', '.']);
suite('unit');
suite('lab');
suite('e2e');
rmSync(dir, { recursive: true, force: true });
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
say(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;
