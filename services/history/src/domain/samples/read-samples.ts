import { compareSampleKeys, type RecordedSample, type SampleKey } from '../recorded-sample.ts';
import { namesToRead, pickSignals, withoutMark } from '../signal-merge.ts';
import { type SampleBlock, samplesOf } from './sample-block.ts';
import { sortAndMerge } from './sample-set.ts';
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
  const { after, limit, toMs, signals } = page;
  const fromMs = Math.max(page.fromMs, after?.observedAtMs ?? page.fromMs);
  const found: RecordedSample[] = [];
  for (const stretch of stretchesOf(slice, { fromMs, toMs, signals })) {
    for (const sample of samplesInRange(stretch, page)) {
      if (after === undefined || compareSampleKeys(sample, after) > 0) found.push(sample);
    }
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

/** Counts the samples of a slice in a range. Without signals it decodes only blocks that overlap others or the range's ends. */
export function countSamples(slice: SamplesSlice, range: SampleRange): number {
  let count = 0;
  for (const stretch of stretchesOf(slice, range)) count += countIn(stretch, range);
  return count;
}

function countIn(stretch: Stretch, range: SampleRange): number {
  if (range.signals !== undefined) return samplesInRange(stretch, range).length;
  if ('data' in stretch && stretch.from >= range.fromMs && stretch.to < range.toMs) return stretch.count;
  return decoded(stretch, NO_SIGNALS).filter((sample) => isInRange(sample, range)).length;
}

function samplesInRange(stretch: Stretch, range: SampleRange): RecordedSample[] {
  const names = range.signals;
  const inRange = decoded(stretch, namesIn(range)).filter((sample) => isInRange(sample, range));
  if (names === undefined)
    return inRange.map((sample) => ({ ...sample, signals: withoutMark(sample.signals) }));
  return inRange.flatMap((sample) => {
    const signals = pickSignals(sample.signals, names);
    return signals === undefined ? [] : [{ ...sample, signals }];
  });
}

/** Consecutive samples: a full block that overlaps nothing, still encoded, or sorted and merged samples. */
type Stretch = SampleBlock | readonly RecordedSample[];

/**
 * All samples of a slice that are in the range, in stretches one after the other, and perhaps others near it.
 * Full blocks overlap if samples came in another order than they were observed, and are decoded from there on.
 */
function* stretchesOf(slice: SamplesSlice, range: SampleRange): Generator<Stretch> {
  const only = namesIn(range);
  const blocks = slice.full.filter((block) => overlaps(block, range)).toSorted((a, b) => a.from - b.from);
  const pieces = slice.open.pieces.filter((piece) => overlaps(piece, range));
  let waiting = sortAndMerge([...pieces.flatMap((piece) => samplesOf(piece, only)), ...slice.loose]);
  for (const [at, block] of blocks.entries()) {
    const split = waiting.findIndex(({ observedAtMs }) => observedAtMs >= block.from);
    const ready = split < 0 ? waiting.length : split;
    if (ready > 0) yield waiting.slice(0, ready);
    waiting = waiting.slice(ready);
    const next = Math.min(waiting[0]?.observedAtMs ?? Infinity, blocks[at + 1]?.from ?? Infinity);
    if (block.to < next) yield block;
    else waiting = sortAndMerge([...samplesOf(block, only), ...waiting]);
  }
  if (waiting.length > 0) yield waiting;
}

function decoded(stretch: Stretch, only?: ReadonlySet<string>): readonly RecordedSample[] {
  return 'data' in stretch ? samplesOf(stretch, only) : stretch;
}

function namesIn({ signals }: SampleRange): ReadonlySet<string> | undefined {
  return signals && namesToRead(signals);
}

function overlaps({ from, to }: SampleBlock, { fromMs, toMs }: SampleRange): boolean {
  return to >= fromMs && from < toMs;
}

function isInRange({ observedAtMs }: SampleKey, { fromMs, toMs }: SampleRange): boolean {
  return observedAtMs >= fromMs && observedAtMs < toMs;
}
