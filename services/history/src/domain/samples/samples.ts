import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type RecordedSample, samplesIn } from '../recorded-sample.ts';
import type { SampleBlock } from './sample-block.ts';
import { CUT_LIMITS, type CutLimits } from './sample-cut.ts';
import { asDocuments, EMPTY, type OpenDocument, pack } from './sample-document.ts';
import { windowKeyOf, windowStartOf } from './sample-window.ts';

/** A vehicle's samples of one window. */
export interface SamplesSlice {
  /** Where the window starts, in Unix milliseconds. */
  readonly startMs: number;
  /** The first stored document. */
  readonly open: OpenDocument;
  /** The full blocks, still encoded: the other stored documents, which only answers need. */
  readonly full: readonly SampleBlock[];
  /** The samples since then, in order of arrival. The fold appends to it in place. */
  readonly loose: RecordedSample[];
}

/**
 * Every signal over time. Answers depend on the set of a vehicle's samples, not on the order of arrival.
 * The key of a sample is (observed time, report id); conflicting samples with the same key are merged.
 * One slice a window: a document of the latest samples, as they came, then one for each full block.
 */
export function createSamples(limits: CutLimits): Projection<SamplesSlice> {
  return {
    name: 'samples',
    version: 4,
    read,
    initial: (_subject, key) => ({ startMs: Date.parse(key), open: EMPTY, full: [], loose: [] }),
    toDocuments(slice) {
      const { open, filled } = pack(slice.open, slice.loose, limits);
      return [open, ...Array.from({ length: slice.open.full }, () => undefined), ...filled];
    },
    fromDocuments(_subject, key, documents) {
      const [open, full] = asDocuments(documents);
      return { startMs: Date.parse(key), open, full, loose: [] };
    },
  };
}

export const samples = createSamples(CUT_LIMITS);

/** Only appends the samples. They are encoded when documents are made. */
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

/** Nearly all samples of a report are in one window, whose key is made once. */
function windowKeysOf(recorded: readonly RecordedSample[]): readonly string[] {
  const starts: number[] = [];
  for (const { observedAtMs } of recorded) {
    const startMs = windowStartOf(observedAtMs);
    if (!starts.includes(startMs)) starts.push(startMs);
  }
  return starts.map(windowKeyOf);
}
