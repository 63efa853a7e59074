/** How many did what; a check counts like a test. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What is read of the JSON that vitest writes. */
export interface VitestResults {
  readonly testResults: readonly {
    /** Of the file: it also fails when it cannot be loaded, and then has no tests. */
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Counts the results of a run of vitest. A file that failed without a failed test counts as one failure, and so does a run
 * that ended with an error outside the tests, such as an unhandled rejection.
 * @param results undefined when the run left none.
 */
export function tallyTests(results: VitestResults | undefined, exitCode: number): Tally {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of results?.testResults ?? []) {
    const failedBefore = tally.failed;
    for (const test of assertionResults) tally[kindOf(test.status)] += 1;
    if (status === 'failed' && tally.failed === failedBefore) tally.failed += 1;
  }
  if (exitCode !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

function kindOf(status: string): keyof Tally {
  if (status === 'passed' || status === 'failed') return status;
  return 'skipped';
}

export function addTallies(...tallies: readonly Tally[]): Tally {
  const sum = (kind: keyof Tally) => tallies.reduce((total, tally) => total + tally[kind], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** `N passed, N failed`, and the skipped where there are any. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
