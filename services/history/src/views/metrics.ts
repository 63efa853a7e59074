import { counter, labelledGauge, latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { Tail } from './tail.ts';

/** What the views count. */
export interface ViewMetrics {
  flushed(partition: number, slices: number, durationMs: number): void;
  /** Following or storing failed and is tried again; with the projection if it failed alone. */
  retried(partition: number, projection?: string): void;
  /** The views disagreed with the log, and started again from it. */
  healed(partition: number): void;
}

/** @param projections the names that can be given to `retried`: what they count is there from the start, at 0 */
export function createViewMetrics(
  meter: Meter,
  partitionCount: number,
  projections: readonly string[],
): ViewMetrics {
  const duration = latencyHistogram(
    meter,
    'odograph.views.flush.duration',
    'How long it took to store the tail of a partition.',
  );
  const slices = counter(meter, 'odograph.views.flush.slices', '{slice}', 'Slices of read models stored.');
  const retries = counter(meter, 'odograph.views.retries', '{failure}', 'Failures that were retried.');
  const heals = counter(
    meter,
    'odograph.views.healed',
    '{restart}',
    'How often views disagreed with the log and started again from it.',
  );
  for (let partition = 0; partition < partitionCount; partition += 1) {
    for (const each of [slices, retries, heals]) each.add(0, { partition });
    for (const projection of projections) retries.add(0, { partition, projection });
  }
  return {
    flushed(partition, stored, durationMs) {
      duration.record(durationMs / 1_000, { partition });
      slices.add(stored, { partition });
    },
    retried: (partition, projection) => retries.add(1, { partition, ...(projection && { projection }) }),
    healed: (partition) => heals.add(1, { partition }),
  };
}

/** How far the answers of a projection are behind the tail of a partition. */
export interface ProjectionLag {
  readonly partition: number;
  readonly projection: string;
  readonly envelopes: number;
}

interface MeasuredViews {
  readonly tails: readonly Tail[];
  behind(): readonly ProjectionLag[];
}

/** Measures the events that are not stored in the read models yet: their memory, and how far each projection is behind. */
export function measureViews(meter: Meter, { tails, behind }: MeasuredViews): void {
  const description = 'Memory of events that are not stored in the read models yet.';
  labelledGauge(meter, 'odograph.views.tail.size', 'By', description, (result) => {
    for (const tail of tails) result.observe(tail.bytes(), { partition: tail.partition });
  });
  const lag = 'Envelopes of the log that the answers of a projection do not include yet.';
  labelledGauge(meter, 'odograph.views.behind', '{envelope}', lag, (result) => {
    for (const { envelopes, ...labels } of behind()) result.observe(envelopes, labels);
  });
}
