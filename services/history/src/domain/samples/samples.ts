import type { Projection } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type RecordedSample, samplesIn } from './recorded-sample.ts';
import { CUT_LIMITS, type CutLimits } from './sample-cut.ts';
import { asSampleDocument, type SampleDocument } from './sample-document.ts';
import { pack } from './sample-pack.ts';
import { settle } from './sample-set.ts';
import { windowKeyOf, windowStartOf } from './sample-window.ts';

/** A vehicle's samples of one window. */
export interface SamplesSlice {
  /** Where the window starts, in Unix milliseconds. */
  readonly startMs: number;
  /** Encoded, as they are stored. */
  documents: readonly SampleDocument[];
  /** What came since, in order of arrival. */
  loose: RecordedSample[];
}

/**
 * Every signal over time: a function of the set of a vehicle's samples, in whatever order they came.
 * A sample is known by (observed time, report id); told twice with two contents, it has the greater reading of each signal.
 * One slice a window, cut into documents of encoded blocks.
 */
export function createSamples(limits: CutLimits): Projection<SamplesSlice> {
  return {
    name: 'samples',
    version: 3,
    keysOf,
    initial: (_subject, key) => ({ startMs: Date.parse(key), documents: [], loose: [] }),
    apply,
    toDocuments(slice) {
      slice.documents = pack(slice.documents, settle(slice.loose), limits);
      slice.loose = [];
      return slice.documents;
    },
    fromDocuments: (_subject, key, documents) => ({
      startMs: Date.parse(key),
      documents: documents.map(asSampleDocument),
      loose: [],
    }),
  };
}

export const samples = createSamples(CUT_LIMITS);

function keysOf(event: VehicleEvent): readonly string[] {
  const keys = samplesIn(event).map(({ observedAtMs }) => windowKeyOf(observedAtMs));
  return keys.length > 1 ? [...new Set(keys)] : keys;
}

/** Only takes note: what it means for the blocks is worked out when someone asks. */
function apply(slice: SamplesSlice, event: VehicleEvent): SamplesSlice {
  for (const sample of samplesIn(event)) {
    if (windowStartOf(sample.observedAtMs) === slice.startMs) slice.loose.push(sample);
  }
  return slice;
}
