import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type RecordedSample, samplesIn } from '../recorded-sample.ts';
import { CUT_LIMITS, type CutLimits } from './sample-cut.ts';
import { asSampleDocument, type SampleDocument } from './sample-document.ts';
import { pack } from './sample-pack.ts';
import { sortAndMerge } from './sample-set.ts';
import { windowKeyOf, windowStartOf } from './sample-window.ts';

/** A vehicle's samples of one window. */
export interface SamplesSlice {
  /** Where the window starts, in Unix milliseconds. */
  readonly startMs: number;
  /** The stored documents, still encoded. */
  readonly documents: readonly SampleDocument[];
  /** The samples since then, in order of arrival. The fold appends to it in place. */
  readonly loose: RecordedSample[];
}

/**
 * Every signal over time. It depends on the set of a vehicle's samples, not on the order of arrival.
 * The key of a sample is (observed time, report id); conflicting samples with the same key are merged.
 * One slice a window, cut into documents of encoded blocks.
 */
export function createSamples(limits: CutLimits): Projection<SamplesSlice> {
  return {
    name: 'samples',
    version: 3,
    read,
    initial: (_subject, key) => ({ startMs: Date.parse(key), documents: [], loose: [] }),
    toDocuments: ({ documents, loose }) => pack(documents, sortAndMerge(loose), limits),
    fromDocuments: (_subject, key, documents) => ({
      startMs: Date.parse(key),
      documents: documents.map(asSampleDocument),
      loose: [],
    }),
  };
}

export const samples = createSamples(CUT_LIMITS);

/** Only appends the samples. They are sorted into blocks when documents are made. */
function read(event: VehicleEvent): SliceChange<SamplesSlice> {
  const recorded = samplesIn(event);
  return {
    keys: windowKeysOf(recorded),
    applyTo(slice) {
      for (const sample of recorded) {
        if (windowStartOf(sample.observedAtMs) === slice.startMs) slice.loose.push(sample);
      }
    },
  };
}

function windowKeysOf(recorded: readonly RecordedSample[]): readonly string[] {
  const keys = recorded.map(({ observedAtMs }) => windowKeyOf(observedAtMs));
  return keys.length > 1 ? [...new Set(keys)] : keys;
}
