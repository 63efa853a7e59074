import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { number, parse, strictObject } from 'valibot';
import { outputOf, timingOf } from './child.ts';
import { installReference } from './install-reference.ts';
import type { RawInsertOptions, ReferenceOptions } from './raw-insert.ts';
import type { Timing } from './timing.ts';

/** The parameters with the best rate of each reference, found by trial on two cores. */
const RAW_INSERT_BEST = { batch: 1_000, inFlight: 4 } as const;
const EMMETT_BEST = { concurrency: 64 } as const;

/** Each run has its own database, which is dropped at the end. */
type Load = Omit<ReferenceOptions, 'database'>;

/** R: raw journaled `insertMany` of the log's documents, in its own process. */
export async function measureRawInsert(
  load: Load & Partial<Pick<RawInsertOptions, 'batch' | 'inFlight'>>,
): Promise<Timing> {
  const options: RawInsertOptions = { ...RAW_INSERT_BEST, ...load, database: databaseName('raw') };
  const script = resolve(import.meta.dirname, '../../scripts/raw-insert.ts');
  return await timingOf(script, options);
}

/** A timing, or why there is none. */
type EmmettTiming =
  | ({ readonly isMeasured: true } & Timing)
  | { readonly isMeasured: false; readonly why: string };

/** E: the same events through Emmett's MongoDB store, one append per report. Installs its packages if they are missing. */
export async function measureEmmett(load: Load & { readonly concurrency?: number }): Promise<EmmettTiming> {
  const installed = await installReference('emmett');
  if (!installed.isInstalled) return { isMeasured: false, why: installed.why };
  const options = { ...EMMETT_BEST, ...load, database: databaseName('emmett') };
  const script = join(installed.directory, 'append.mjs');
  const modules = pathToFileURL(import.meta.dirname).href;
  const timing = await timingOf(script, options, modules);
  return { isMeasured: true, ...timing };
}

const rateSchema = strictObject({ perSecond: number() });

/** A rate, or why there is none. */
type Rate =
  | { readonly isMeasured: true; readonly perSecond: number }
  | { readonly isMeasured: false; readonly why: string };

/** B: reads of bentocache from the memory of its process. Installs its packages if they are missing. */
export async function measureBentocache(options: {
  readonly entries: number;
  readonly reads: number;
  /** Whether it holds values as JSON, which is its default. */
  readonly serialize: boolean;
}): Promise<Rate> {
  const installed = await installReference('bentocache');
  if (!installed.isInstalled) return { isMeasured: false, why: installed.why };
  const output = await outputOf(join(installed.directory, 'read-memory.mjs'), options, []);
  return { isMeasured: true, ...parse(rateSchema, JSON.parse(output)) };
}

function databaseName(reference: string): string {
  return `bench_${reference}_${randomBytes(4).toString('hex')}`;
}
