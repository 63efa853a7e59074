import type { Projection, SliceChange } from '@odograph/kernel/projection';
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
  /** The stored documents, still encoded. */
  readonly documents: readonly SampleDocument[];
  /** The samples since then, in order of arrival. The fold appends to it in place. */
  readonly loose: RecordedSample[];
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
    read,
    initial: (_subject, key) => ({ startMs: Date.parse(key), documents: [], loose: [] }),
    toDocuments: ({ documents, loose }) => pack(documents, settle(loose), limits),
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
