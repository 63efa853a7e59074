/**
 * Checks the sources, runs tests, and closes with `N passed, N failed`. Exit code: 1 when anything failed.
 * Arguments go to vitest: `--project=unit` leaves out all that needs an engine.
 */

import { runChecks } from './checks.ts';
import { addTallies, closingLine } from './test-summary.ts';
import { runVitest } from './vitest.ts';

const INTERRUPTED = 130;

const checks = await runChecks();
const tests = await runVitest(...process.argv.slice(2));
if (tests.isInterrupted) {
  console.log('interrupted');
  process.exitCode = INTERRUPTED;
} else {
  const total = addTallies(checks, tests.tally);
  console.log(closingLine(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}
