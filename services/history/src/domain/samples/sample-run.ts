import { compareSampleKeys, type RecordedSample, type SampleKey } from '../recorded-sample.ts';
import { endOf, type StoredBlock, samplesOf, startOf } from './sample-document.ts';
import { sortAndMerge } from './sample-set.ts';
import type { SamplesSlice } from './samples.ts';

/** Consecutive samples of a slice, mostly one block. Runs do not overlap. */
export interface SampleRun {
  /** Observed time of its first sample, in Unix milliseconds. */
  readonly from: number;
  /** Observed time of its last sample. */
  readonly to: number;
  /** More than one if they overlap, as in documents that mix two flushes. */
  readonly blocks: readonly StoredBlock[];
  /** Samples that are not in a block yet. */
  readonly loose: readonly RecordedSample[];
}

/** All samples of a slice, in consecutive runs. */
export function* sampleRuns({ documents, loose }: SamplesSlice): Generator<SampleRun> {
  const sorted = sortAndMerge(loose);
  let next = 0;
  const nextWhile = (isWanted: (key: SampleKey) => boolean): readonly RecordedSample[] => {
    const first = next;
    while (next < sorted.length && isWanted(sorted[next] as RecordedSample)) next += 1;
    return sorted.slice(first, next);
  };
  for (const { start, end, blocks } of overlapsOf(documents.flatMap((document) => document.blocks))) {
    yield* looseRun(nextWhile((key) => compareSampleKeys(key, start) < 0));
    const within = nextWhile((key) => compareSampleKeys(key, end) <= 0);
    yield { from: start.observedAtMs, to: end.observedAtMs, blocks, loose: within };
  }
  yield* looseRun(nextWhile(() => true));
}

/** The samples of a run, sorted by key. Samples from blocks have only these signals if names are given. */
export function samplesOfRun(
  { blocks, loose }: SampleRun,
  only?: ReadonlySet<string>,
): readonly RecordedSample[] {
  return sortAndMerge([...blocks.flatMap((block) => samplesOf(block, only)), ...loose]);
}

function* looseRun(loose: readonly RecordedSample[]): Generator<SampleRun> {
  const [first, last] = [loose[0], loose.at(-1)];
  if (first && last) yield { from: first.observedAtMs, to: last.observedAtMs, blocks: [], loose };
}

interface Overlap {
  readonly start: SampleKey;
  end: SampleKey;
  readonly blocks: StoredBlock[];
}

/** Groups of blocks that overlap. */
function* overlapsOf(blocks: readonly StoredBlock[]): Generator<Overlap> {
  let open: Overlap | undefined;
  for (const block of blocks.toSorted((a, b) => compareSampleKeys(startOf(a), startOf(b)))) {
    const [start, end] = [startOf(block), endOf(block)];
    if (open === undefined || compareSampleKeys(start, open.end) > 0) {
      if (open !== undefined) yield open;
      open = { start, end, blocks: [block] };
    } else {
      open.blocks.push(block);
      if (compareSampleKeys(end, open.end) > 0) open.end = end;
    }
  }
  if (open !== undefined) yield open;
}
