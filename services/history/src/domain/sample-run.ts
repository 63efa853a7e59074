import type { RecordedSample } from './recorded-sample.ts';
import { type StoredBlock, samplesOf } from './sample-document.ts';
import { settle } from './sample-set.ts';
import type { SamplesSlice } from './samples.ts';

/** Samples of a slice that lie in one stretch of time, where no other run has any. Mostly one block. */
export interface SampleRun {
  /** Observed time of its first sample, in Unix milliseconds. */
  readonly from: number;
  /** Observed time of its last sample, included. */
  readonly to: number;
  /** Several where their times overlap, as those of two moments do. */
  readonly blocks: readonly StoredBlock[];
  /** Samples that are in no block yet. */
  readonly loose: readonly RecordedSample[];
}

/** All samples of a slice, in runs that follow each other in time. */
export function* sampleRuns({ documents, loose }: SamplesSlice): Generator<SampleRun> {
  const settled = settle(loose);
  let next = 0;
  const takeLoose = (isTaken: (timeMs: number) => boolean): readonly RecordedSample[] => {
    const first = next;
    while (next < settled.length && isTaken((settled[next] as RecordedSample).observedAtMs)) next += 1;
    return settled.slice(first, next);
  };
  for (const { from, to, blocks } of stretchesOf(documents.flatMap((document) => document.blocks))) {
    yield* looseRun(takeLoose((timeMs) => timeMs < from));
    yield { from, to, blocks, loose: takeLoose((timeMs) => timeMs <= to) };
  }
  yield* looseRun(takeLoose(() => true));
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

/** Blocks that overlap in time, together. */
function* stretchesOf(blocks: readonly StoredBlock[]): Generator<Omit<SampleRun, 'loose'>> {
  let open: { from: number; to: number; blocks: StoredBlock[] } | undefined;
  for (const block of blocks.toSorted((a, b) => a.from - b.from)) {
    if (open !== undefined && block.from <= open.to) {
      open.blocks.push(block);
      open.to = Math.max(open.to, block.to);
      continue;
    }
    if (open !== undefined) yield open;
    open = { from: block.from, to: block.to, blocks: [block] };
  }
  if (open !== undefined) yield open;
}
