/** Holds a recorded run, by default the newest, against the baseline. Exit code: 1 when a ratio has regressed. */
import { isFault } from '@odograph/kernel/fault';
import { Command } from 'commander';
import { compareRuns, hasRegressed } from '../src/report/compare.ts';
import { comparisonTable } from '../src/report/comparison-table.ts';
import { newestRunFile } from '../src/report/newest-run.ts';
import { BASELINE_FILE, readRun } from '../src/report/results.ts';

const command = new Command('bench-compare')
  .argument('[run]', 'a recorded run; default: the newest in bench/results')
  .option('--baseline <file>', 'what to hold it against', BASELINE_FILE)
  .parse();

try {
  const file = command.args[0] ?? newestRunFile();
  const { baseline } = command.opts<{ baseline: string }>();
  const comparisons = compareRuns(readRun(baseline), readRun(file));
  console.log(`${file}\n\n${comparisonTable(comparisons)}`);
  process.exitCode = hasRegressed(comparisons) ? 1 : 0;
} catch (error) {
  if (!isFault(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
