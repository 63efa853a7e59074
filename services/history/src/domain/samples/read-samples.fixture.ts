import type { RecordedSample } from '@odograph/projections/recorded-sample';
import * as inSteps from './read-samples.ts';
import type { BlockToRead, SampleBlock } from './sample-block.ts';
import type { SamplesSlice } from './samples.ts';

type Read = (block: BlockToRead) => SampleBlock;

/** Takes all steps at once. */
function resultOf<T>(steps: inSteps.Steps<T>, read?: Read): T {
  for (let given: SampleBlock | undefined; ; ) {
    const step = steps.next(given);
    if (step.done) return step.value;
    given = step.value && read?.(step.value);
  }
}

export function readSamples(
  slice: SamplesSlice,
  page: inSteps.SamplePage,
  read?: Read,
): readonly RecordedSample[] {
  return resultOf(inSteps.readSamples(slice, page), read).samples;
}

export function countSamples(slice: SamplesSlice, range: inSteps.SampleRange, read?: Read): number {
  return resultOf(inSteps.countSamples(slice, range), read);
}
