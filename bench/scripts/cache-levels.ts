/** Measures the levels of the cache in a process of its own, and prints the results as JSON. */
import { measureLevels } from '../src/paths/cache-levels.ts';

process.stdout.write(JSON.stringify(await measureLevels(JSON.parse(process.env['BENCH_OPTIONS'] ?? ''))));
