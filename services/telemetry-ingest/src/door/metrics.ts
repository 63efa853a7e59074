import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { isFault } from '@odograph/kernel/fault';
import { counter, histogram, upDownCounter } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import { LimitFault } from './limit-fault.ts';

/** The metrics of the door. No label names a vehicle or a client, because their number is not limited. */
export interface DoorMetrics {
  batchTaken(reports: number): void;
  answered(results: readonly ReportResult[]): void;
  /** A batch or a connection was refused as a whole. */
  refused(error: unknown): void;
  connectionOpened(): void;
  connectionClosed(): void;
}

/** Upper bounds of the histogram of batch sizes. */
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

export function createDoorMetrics(meter: Meter): DoorMetrics {
  const reports = counter(meter, 'odograph.ingest.reports', '{report}', 'Reports, by outcome.');
  const findings = counter(meter, 'odograph.ingest.findings', '{finding}', 'Findings in answers, by reason.');
  const refusals = counter(
    meter,
    'odograph.ingest.refusals',
    '{refusal}',
    'Batches and connections that were refused as a whole, by code and by the limit that was reached.',
  );
  const batch = histogram(
    meter,
    'odograph.ingest.batch.reports',
    '{report}',
    'Reports in a batch.',
    BATCH_BUCKETS,
  );
  const connections = upDownCounter(
    meter,
    'odograph.ingest.connections',
    '{connection}',
    'Open connections.',
  );
  return {
    batchTaken: (count) => batch.record(count),
    answered(results) {
      for (const [outcome, count] of countEach(results.map(outcomeLabel))) reports.add(count, { outcome });
      for (const [reason, count] of countEach(results.flatMap(reasonsOf))) findings.add(count, { reason });
    },
    refused: (error) => refusals.add(1, refusalLabels(error)),
    connectionOpened: () => connections.add(1),
    connectionClosed: () => connections.add(-1),
  };
}

const LABELS = new Map(Object.entries(ReportOutcome).map(([name, outcome]) => [outcome, name.toLowerCase()]));

function outcomeLabel({ outcome }: ReportResult): string {
  return LABELS.get(outcome) ?? 'unspecified';
}

function reasonsOf({ findings }: ReportResult): readonly string[] {
  return findings.map(({ reason }) => reason);
}

function refusalLabels(error: unknown): Record<string, string> {
  const code = isFault(error) ? error.code : 'INTERNAL';
  return { code, limit: error instanceof LimitFault ? error.limitName : '' };
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
