import { createProgram } from './program.ts';
import { exitWhenPipeCloses, reportFailure } from './terminal/output.ts';

exitWhenPipeCloses();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'));
}
