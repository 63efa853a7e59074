/** Takes the options of `readWholeLog` as JSON, and prints the timing as JSON. */
import { type LogReadingOptions, readWholeLog } from '../src/paths/log-reading.ts';

console.log(JSON.stringify(await readWholeLog(JSON.parse(process.argv[2] ?? '') as LogReadingOptions)));
