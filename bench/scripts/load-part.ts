/** Takes the options of a part of the load as JSON, and makes that load for as long as its parent wants it. */
import type { LoadPartOptions } from '../src/ramp/load-part.ts';
import { servePart } from '../src/ramp/serve-part.ts';

servePart(JSON.parse(process.argv[2] ?? '') as LoadPartOptions);
