/** Takes the options of a load as JSON in BENCH_OPTIONS, and runs it until the parent process disconnects. */
import type { LoadOptions } from '../src/load/load.ts';
import { serveLoad } from '../src/load/serve-load.ts';

await serveLoad(JSON.parse(process.env['BENCH_OPTIONS'] ?? '') as LoadOptions);
