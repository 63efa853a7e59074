import { invariant } from '@odograph/kernel/fault';
import type { Signals, SignalValue } from '@odograph/kernel/signal';
import { signalBytes } from '@odograph/kernel/signal-bytes';
import {
  compareSampleKeys,
  type RecordedSample,
  type SampleKey,
} from '@odograph/projections/recorded-sample';
import { namesToRead, pickSignals, withoutMark } from '@odograph/projections/signal-merge';
import { type BlockToRead, type SampleBlock, samplesOf } from './sample-block.ts';
import { sortAndMerge } from './sample-set.ts';
import type { SamplesSlice } from './samples.ts';
import { sortedInSteps } from './sorted-in-steps.ts';

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
  /** Default: the oldest first. */
  readonly isNewestFirst?: boolean;
  /** Only samples that follow this key in the order of the page. */
  readonly after?: SampleKey | undefined;
  /** The maximum number of samples. */
  readonly limit: number;
  /** Ends the page with the first sample that exceeds these bytes, by {@link sampleBytes}. Default: no limit. */
  readonly maxBytes?: number | undefined;
}

/** The samples of a page. */
export interface FoundSamples {
  readonly samples: readonly RecordedSample[];
  /** Of all of them, or a few more. */
  readonly bytes: number;
  /** Whether the page ends with a sample that exceeds its bytes: then others may follow. */
  readonly isCut: boolean;
}

const NOTHING: FoundSamples = { samples: [], bytes: 0, isCut: false };

/** A sample without its report id and signals. */
const HEAD_BYTES = 32;
const NO_SIGNALS: ReadonlySet<string> = new Set();
/** Samples of a step that are not in a block: they take as long as a block that is decoded. */
const STEP_SAMPLES = 1_000;

/**
 * Work in steps of about a block: yields after each, so that a caller can let others work, and returns the result.
 * A step that yields a block gets the same one with its data. The samples in memory are at most twice those of a page, and one
 * block.
 */
export type Steps<T> = Generator<BlockToRead | undefined, T, SampleBlock | undefined>;

/**
 * The first samples of a slice in a range, in the order of the page, at most the limit. Decodes only blocks within the range
 * that begin before the end of the page, each once.
 */
export function* readSamples(slice: SamplesSlice, page: SamplePage): Steps<FoundSamples> {
  const { limit, isNewestFirst = false } = page;
  if (limit <= 0) return NOTHING;
  const range = rangeLeft(page);
  const compare = isNewestFirst ? (a: SampleKey, b: SampleKey) => compareSampleKeys(b, a) : compareSampleKeys;
  const isWanted = (sample: RecordedSample) =>
    isInRange(sample, range) && (page.after === undefined || compare(sample, page.after) > 0);
  let found = NOTHING;
  const lastOf = () => (found.isCut || found.samples.length === limit ? found.samples.at(-1) : undefined);
  const add = (samples: readonly RecordedSample[]) => {
    const last = lastOf();
    const wanted = samples.filter(
      (sample) => isWanted(sample) && (last === undefined || compare(sample, last) <= 0),
    );
    if (wanted.length === 0) return;
    const { samples: before } = found;
    const merged = sortAndMerge(isNewestFirst ? [...wanted, ...before.toReversed()] : [...before, ...wanted]);
    found = cutToPage(isNewestFirst ? merged.toReversed() : merged, page);
  };
  for (const samples of recentSamples(slice, range)) {
    add(samples);
    yield undefined;
  }
  const blocks = blocksInRange(slice, range);
  for (const block of isNewestFirst ? blocks.toSorted((a, b) => b.to - a.to) : blocks) {
    const last = lastOf()?.observedAtMs;
    const isBehind = last !== undefined && (isNewestFirst ? block.to < last : block.from > last);
    if (isBehind) break;
    add(samplesWith(yield* withData(block), page.signals));
    yield undefined;
  }
  const answers = found.samples.map(({ observedAtMs, reportId, signals }) => {
    return { observedAtMs, reportId, signals: answered(signals, page.signals) };
  });
  return { ...found, samples: answers };
}

/** The range of the samples that may follow the key after which a page begins. */
export function rangeLeft({ after, isNewestFirst = false, ...page }: SamplePage): SampleRange {
  const { fromMs, toMs, signals } = page;
  if (after === undefined) return { fromMs, toMs, signals };
  if (isNewestFirst) return { fromMs, toMs: Math.min(toMs, after.observedAtMs + 1), signals };
  return { fromMs: Math.max(fromMs, after.observedAtMs), toMs, signals };
}

/** Those of the samples that a page has. */
function cutToPage(
  samples: readonly RecordedSample[],
  { limit, maxBytes = Number.POSITIVE_INFINITY }: SamplePage,
): FoundSamples {
  let bytes = 0;
  for (const [index, sample] of samples.entries()) {
    bytes += sampleBytes(sample);
    const isCut = bytes > maxBytes;
    if (isCut || index + 1 === limit) return { samples: samples.slice(0, index + 1), bytes, isCut };
  }
  return { samples, bytes, isCut: false };
}

/** The bytes of a sample in an answer, or a few more. */
export function sampleBytes({ reportId, signals }: RecordedSample): number {
  let bytes = HEAD_BYTES + reportId.length;
  // Of the ways to visit the signals of a plain object, V8 is fastest at this one.
  for (const name in signals) bytes += signalBytes(name, signals[name] as SignalValue);
  return bytes;
}

/** Counts the samples of a slice in a range. Without signals it decodes only blocks that overlap others or the range's ends. */
export function* countSamples(slice: SamplesSlice, range: SampleRange): Steps<number> {
  const parts: Part[] = [];
  for (const samples of recentSamples(slice, range)) {
    for (const sample of samples) parts.push(sample);
    yield undefined;
  }
  for (const block of blocksInRange(slice, range)) parts.push(block);
  const sorted = yield* sortedInSteps(parts, byStart, STEP_SAMPLES);
  let count = 0;
  let left = STEP_SAMPLES;
  for (const run of runsOf(sorted)) {
    count += knownCount(run, range) ?? (yield* countKeys(run, range));
    left -= run.length;
    if (left > 0) continue;
    left = STEP_SAMPLES;
    yield undefined;
  }
  return count;
}

/** The number of samples of a run if it is known without decoding. */
function knownCount([first, ...others]: readonly Part[], range: SampleRange): number | undefined {
  if (first === undefined || others.length > 0 || range.signals !== undefined) return undefined;
  return isSample(first) || !isWithin(first, range) ? undefined : first.count;
}

function* countKeys(run: readonly Part[], range: SampleRange): Steps<number> {
  const keys = new Set<string>();
  for (const [at, part] of run.entries()) {
    const found = isSample(part) ? [part] : samplesToCount(yield* withData(part), range.signals);
    for (const sample of found) {
      if (isInRange(sample, range)) keys.add(`${sample.observedAtMs} ${sample.reportId}`);
    }
    if (!isSample(part) || at % STEP_SAMPLES === STEP_SAMPLES - 1) yield undefined;
  }
  return keys.size;
}

/** A sample counts without its signals, unless names are given. */
function samplesToCount(block: SampleBlock, names: readonly string[] | undefined): readonly RecordedSample[] {
  return names ? samplesWith(block, names) : samplesOf(block, NO_SIGNALS);
}

/** A full block, or a sample that is not in one. */
type Part = SampleBlock | BlockToRead | RecordedSample;

const isSample = (part: Part): part is RecordedSample => 'signals' in part;

/** A block with its data, which the caller reads if it was not read yet. */
function* withData(block: SampleBlock | BlockToRead): Steps<SampleBlock> {
  if ('data' in block) return block;
  const read = yield block;
  invariant(read, `block ${block.n} is read for the step that asks for it`);
  return read;
}

/** The parts that overlap in time, together, of parts by their start. Blocks do if samples came in another order than they were observed. */
function* runsOf(parts: readonly Part[]): Generator<readonly Part[]> {
  let run: Part[] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    if (startOf(part) > endMs && run.length > 0) {
      yield run;
      run = [];
    }
    run.push(part);
    endMs = Math.max(endMs, isSample(part) ? part.observedAtMs : part.to);
  }
  if (run.length > 0) yield run;
}

const startOf = (part: Part): number => (isSample(part) ? part.observedAtMs : part.from);
const byStart = (a: Part, b: Part): number => startOf(a) - startOf(b);

/** The samples near a range that are in no full block, in order of arrival, as many as a step may have. All pieces fit into one block. */
function* recentSamples(
  { open, loose }: SamplesSlice,
  range: SampleRange,
): Generator<readonly RecordedSample[]> {
  const pieces = open.pieces.filter((piece) => overlaps(piece, range));
  const { signals } = range;
  if (pieces.length > 0) yield pieces.flatMap((piece) => samplesWith(piece, signals));
  for (let at = 0; at < loose.length; at += STEP_SAMPLES)
    yield withOnly(
      loose.slice(at, at + STEP_SAMPLES).filter((sample) => isInRange(sample, range)),
      signals,
    );
}

/** The full blocks near a range, by their start. */
function blocksInRange({ full }: SamplesSlice, range: SampleRange): SamplesSlice['full'] {
  return full.filter((block) => overlaps(block, range)).toSorted((a, b) => a.from - b.from);
}

/** The samples of a block; if names are given, those that have one of these signals. */
function samplesWith(block: SampleBlock, names: readonly string[] | undefined): readonly RecordedSample[] {
  if (names === undefined) return samplesOf(block);
  return samplesOf(block, namesToRead(names)).filter((sample) => hasOneOf(sample, names));
}

/** The same of samples that are not in a block. */
function withOnly(
  samples: readonly RecordedSample[],
  names: readonly string[] | undefined,
): readonly RecordedSample[] {
  if (names === undefined) return samples;
  const read = [...namesToRead(names)];
  return samples
    .filter((sample) => hasOneOf(sample, names))
    .map((sample) => ({ ...sample, signals: pickSignals(sample.signals, read) }));
}

function hasOneOf({ signals }: RecordedSample, names: readonly string[]): boolean {
  return names.some((name) => signals[name] !== undefined);
}

/** The signals of a merged sample that are answered. */
function answered(signals: Signals, names: readonly string[] | undefined): Signals {
  return names ? pickSignals(signals, names) : withoutMark(signals);
}

type BlockRange = Pick<SampleBlock, 'from' | 'to'>;

function overlaps({ from, to }: BlockRange, { fromMs, toMs }: SampleRange): boolean {
  return to >= fromMs && from < toMs;
}

function isWithin({ from, to }: BlockRange, { fromMs, toMs }: SampleRange): boolean {
  return from >= fromMs && to < toMs;
}

function isInRange({ observedAtMs }: SampleKey, { fromMs, toMs }: SampleRange): boolean {
  return observedAtMs >= fromMs && observedAtMs < toMs;
}
