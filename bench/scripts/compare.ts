/** Compares a recorded run with the baseline, by default the newest of its form. Exit code: 1 if a ratio has regressed. */
import { isFault } from '@odograph/kernel/fault';
import { Command } from 'commander';
import { compareRuns, hasRegressed } from '../src/report/compare.ts';
import { comparisonTable } from '../src/report/comparison-table.ts';
import { BASELINE_FILE, newestRunFile, readBenchRun } from '../src/report/run-record.ts';

const command = new Command('bench-compare')
  .argument('[run]', 'a recorded run; default: the newest in bench/results with the form of the baseline')
  .option('--baseline <file>', 'the run to compare with', BASELINE_FILE)
  .parse();

try {
  const baseline = readBenchRun(command.opts<{ baseline: string }>().baseline);
  const file = command.args[0] ?? newestRunFile(baseline.form);
  const comparisons = compareRuns(baseline, readBenchRun(file));
  console.log(`${file}\n\n${comparisonTable(comparisons)}`);
  process.exitCode = hasRegressed(comparisons) ? 1 : 0;
} catch (error) {
  if (!isFault(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
