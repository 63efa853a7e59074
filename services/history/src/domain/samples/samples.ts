import type { Projection, SliceChange } from '@odograph/kernel/projection';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type RecordedSample, samplesIn } from '@odograph/projections/recorded-sample';
import type { BlockToRead, SampleBlock } from './sample-block.ts';
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
  readonly full: readonly (SampleBlock | BlockToRead)[];
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
    version: 5,
    read,
    initial: (_subject, key) => ({ startMs: Date.parse(key), open: EMPTY, full: [], loose: [] }),
    copy: (slice) => ({ ...slice, loose: [...slice.loose] }),
    *toDocuments({ open, loose }) {
      const packed = pack(open, loose, limits);
      yield packed.open;
      for (let at = 0; at < open.full; at += 1) yield undefined;
      yield* packed.filled;
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
  const [first] = recorded;
  if (first === undefined) return NO_CHANGE;
  const startMs = windowStartOf(first.observedAtMs);
  // Nearly all samples of a report are in one window.
  if (recorded.every(({ observedAtMs }) => windowStartOf(observedAtMs) === startMs))
    return { keys: [windowKeyOf(startMs)], applyTo: ({ loose }) => append(loose, recorded) };
  const byStart = Map.groupBy(recorded, ({ observedAtMs }) => windowStartOf(observedAtMs));
  return {
    keys: Array.from(byStart.keys(), windowKeyOf),
    applyTo: (slice) => append(slice.loose, byStart.get(slice.startMs) ?? []),
  };
}

const NO_CHANGE: SliceChange<SamplesSlice> = { keys: [], applyTo: () => undefined };

function append(loose: RecordedSample[], recorded: readonly RecordedSample[]): void {
  for (const sample of recorded) loose.push(sample);
}
