import { compareSampleKeys, type RecordedSample, type SampleKey } from './recorded-sample.ts';
import { endOf, type StoredBlock, samplesOf, startOf } from './sample-document.ts';
import { settle } from './sample-set.ts';
import type { SamplesSlice } from './samples.ts';

/** A run of a slice's samples: no sample of any other run is among them. Mostly one block. */
export interface SampleRun {
  /** Observed time of its first sample, in Unix milliseconds. */
  readonly from: number;
  /** Observed time of its last sample. */
  readonly to: number;
  /** More than one where they overlap, as those of documents of two moments do. */
  readonly blocks: readonly StoredBlock[];
  /** Samples that are in no block yet. */
  readonly loose: readonly RecordedSample[];
}

/** All samples of a slice, in runs that follow each other. */
export function* sampleRuns({ documents, loose }: SamplesSlice): Generator<SampleRun> {
  const settled = settle(loose);
  let taken = 0;
  const takeWhile = (isTaken: (place: SampleKey) => boolean): readonly RecordedSample[] => {
    const first = taken;
    while (taken < settled.length && isTaken(settled[taken] as RecordedSample)) taken += 1;
    return settled.slice(first, taken);
  };
  for (const { start, end, blocks } of stretchesOf(documents.flatMap((document) => document.blocks))) {
    yield* looseRun(takeWhile((place) => compareSampleKeys(place, start) < 0));
    const among = takeWhile((place) => compareSampleKeys(place, end) <= 0);
    yield { from: start.observedAtMs, to: end.observedAtMs, blocks, loose: among };
  }
  yield* looseRun(takeWhile(() => true));
}

/** The samples of a run, in order of their places; of those in blocks, where names are given, only these signals. */
export function samplesOfRun(
  { blocks, loose }: SampleRun,
  only?: ReadonlySet<string>,
): readonly RecordedSample[] {
  return settle([...blocks.flatMap((block) => samplesOf(block, only)), ...loose]);
}

function* looseRun(loose: readonly RecordedSample[]): Generator<SampleRun> {
  const [first, last] = [loose[0], loose.at(-1)];
  if (first && last) yield { from: first.observedAtMs, to: last.observedAtMs, blocks: [], loose };
}

interface Stretch {
  readonly start: SampleKey;
  end: SampleKey;
  readonly blocks: StoredBlock[];
}

/** Blocks that overlap, together. */
function* stretchesOf(blocks: readonly StoredBlock[]): Generator<Stretch> {
  let open: Stretch | undefined;
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
