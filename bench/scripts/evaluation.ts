/** Measures the evaluation of rules in a process of its own, and prints the results as JSON. */
import { measureEvaluation } from '../src/paths/evaluation.ts';

process.stdout.write(JSON.stringify(measureEvaluation(JSON.parse(process.env['BENCH_OPTIONS'] ?? ''))));
