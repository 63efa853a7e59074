import type { RecordedSample } from '../recorded-sample.ts';
import * as inSteps from './read-samples.ts';
import type { SamplesSlice } from './samples.ts';

/** Takes all steps at once. */
function resultOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export function readSamples(slice: SamplesSlice, page: inSteps.SamplePage): readonly RecordedSample[] {
  return resultOf(inSteps.readSamples(slice, page)).samples;
}

export function countSamples(slice: SamplesSlice, range: inSteps.SampleRange): number {
  return resultOf(inSteps.countSamples(slice, range));
}
