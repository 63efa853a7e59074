import { compareSampleKeys, type RecordedSample, type SampleKey } from '../recorded-sample.ts';
import { namesToRead, pickSignals, withoutMark } from '../signal-merge.ts';
import { type SampleRun, sampleRuns, samplesOfRun } from './sample-run.ts';
import type { SamplesSlice } from './samples.ts';

/** A range of samples. Times are Unix times in milliseconds, by the vehicle's clock. */
export interface SampleRange {
  /** The first observed time, inclusive. */
  readonly fromMs: number;
  /** The end of the observed times, exclusive; Infinity: no end. */
  readonly toMs: number;
  /** Only these signals, and only samples with at least one of them. */
  readonly signals?: readonly string[] | undefined;
}

/** A page of a range. */
export interface SamplePage extends SampleRange {
  /** Only samples after this key. */
  readonly after?: SampleKey | undefined;
  /** The maximum number of samples. */
  readonly limit: number;
}

const NO_SIGNALS: ReadonlySet<string> = new Set();

/** The samples of a slice in a range, sorted by key. Decodes only blocks within the range and the limit. */
export function readSamples(slice: SamplesSlice, page: SamplePage): readonly RecordedSample[] {
  const { after, limit } = page;
  const fromMs = Math.max(page.fromMs, after?.observedAtMs ?? page.fromMs);
  const found: RecordedSample[] = [];
  for (const run of sampleRuns(slice)) {
    if (found.length >= limit || run.from >= page.toMs) break;
    if (run.to < fromMs) continue;
    for (const sample of samplesInRange(run, page)) {
      if (after === undefined || compareSampleKeys(sample, after) > 0) found.push(sample);
    }
  }
  return found.slice(0, limit);
}

/** Counts the samples of a slice in a range. Without signals it decodes only blocks that are partly in the range. */
export function countSamples(slice: SamplesSlice, range: SampleRange): number {
  let count = 0;
  for (const run of sampleRuns(slice)) {
    if (run.from >= range.toMs) break;
    if (run.to < range.fromMs) continue;
    count += countIn(run, range);
  }
  return count;
}

function countIn(run: SampleRun, range: SampleRange): number {
  if (range.signals !== undefined) return samplesInRange(run, range).length;
  const [block, ...more] = run.blocks;
  const isWithin = run.from >= range.fromMs && run.to < range.toMs;
  if (isWithin && block !== undefined && more.length === 0 && run.loose.length === 0) return block.count;
  return samplesOfRun(run, NO_SIGNALS).filter((sample) => isInRange(sample, range)).length;
}

function samplesInRange(run: SampleRun, range: SampleRange): RecordedSample[] {
  const names = range.signals;
  const inRange = samplesOfRun(run, names && namesToRead(names)).filter((sample) => isInRange(sample, range));
  if (names === undefined)
    return inRange.map((sample) => ({ ...sample, signals: withoutMark(sample.signals) }));
  return inRange.flatMap((sample) => {
    const signals = pickSignals(sample.signals, names);
    return signals === undefined ? [] : [{ ...sample, signals }];
  });
}

function isInRange({ observedAtMs }: SampleKey, { fromMs, toMs }: SampleRange): boolean {
  return observedAtMs >= fromMs && observedAtMs < toMs;
}
