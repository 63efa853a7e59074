import { leaveWhenNobodyReads, reportFailure } from './output.ts';
import { createProgram } from './program.ts';

leaveWhenNobodyReads();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'));
}
