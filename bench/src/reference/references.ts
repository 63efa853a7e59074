import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { timingOf } from './child.ts';
import { installEmmett } from './emmett-package.ts';
import type { RawInsertOptions, ReferenceOptions } from './raw-insert.ts';
import type { Timing } from './timing.ts';

/** What a reference was given that gave it its best; found by trying, on two cores. */
export const RAW_INSERT_BEST = { batch: 1_000, inFlight: 4 } as const;
export const EMMETT_BEST = { concurrency: 64 } as const;

/** A database is made for each run, and removed after it. */
type Load = Omit<ReferenceOptions, 'database'>;

/** R: raw journaled `insertMany` of the log's documents, in a process of its own. */
export async function measureRawInsert(
  load: Load & Partial<Pick<RawInsertOptions, 'batch' | 'inFlight'>>,
): Promise<Timing> {
  const options: RawInsertOptions = { ...RAW_INSERT_BEST, ...load, database: databaseName('raw') };
  const script = resolve(import.meta.dirname, '../../scripts/raw-insert.ts');
  return await timingOf(script, JSON.stringify(options));
}

export interface EmmettTiming extends Timing {
  readonly isMeasured: true;
  /** How long a vehicle's stream was when the clock stopped: the longer it is, the slower Emmett appends to it. */
  readonly eventsPerStream: number;
}

/** Why there is no number, for the report to say. */
export interface NotMeasured {
  readonly isMeasured: false;
  readonly why: string;
}

/**
 * E: the same events through Emmett's MongoDB store, one append a report, `concurrency` vehicles at a time. Its packages
 * are installed when they are not there; where that cannot be done, the answer says why.
 */
export async function measureEmmett(
  load: Load & { readonly concurrency?: number },
): Promise<EmmettTiming | NotMeasured> {
  const installed = await installEmmett();
  if (!installed.isInstalled) return { isMeasured: false, why: installed.why };
  const options = { ...EMMETT_BEST, ...load, database: databaseName('emmett') };
  const script = join(installed.directory, 'append.mjs');
  const modules = pathToFileURL(import.meta.dirname).href;
  const timing = await timingOf(script, modules, JSON.stringify(options));
  const eventsPerStream = (load.warmUp + load.events) / load.vehicles;
  return { isMeasured: true, ...timing, eventsPerStream };
}

function databaseName(reference: string): string {
  return `bench_${reference}_${randomBytes(4).toString('hex')}`;
}
