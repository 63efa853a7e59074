/** Takes the options of `readWholeLog` as JSON in BENCH_OPTIONS, and prints the timing as JSON. */
import { type LogReadingOptions, readWholeLog } from '../src/paths/log-reading.ts';

const options = JSON.parse(process.env['BENCH_OPTIONS'] ?? '') as LogReadingOptions;
console.log(JSON.stringify(await readWholeLog(options)));
