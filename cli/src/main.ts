import { createProgram } from './program.ts';
import { leaveWhenNobodyReads, reportFailure } from './terminal/output.ts';

leaveWhenNobodyReads();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'));
}
