import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { Fault } from '@odograph/kernel/fault';
import { LimitFault, type LimitName } from '@odograph/kernel/limit-fault';
import { statusNameOf } from '@odograph/platform/grpc/status';
import { counter, histogram, upDownCounter } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';

/** The metrics of the door. No label names a vehicle or a client, because their number is not limited. */
export interface DoorMetrics {
  batchTaken(reports: number): void;
  answered(results: readonly ReportResult[]): void;
  /** A batch or a connection was refused as a whole. */
  refused(error: unknown): void;
  /** Some reports of a batch were refused. The batch counts once for each code and limit. */
  refusedInPart(faults: Iterable<Fault>): void;
  /** How many reports were accepted or quarantined. */
  reportsTaken(): number;
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
    'Batches and connections that were refused, also in part, by code and by the limit that was reached.',
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
  for (const outcome of LABELS.values()) reports.add(0, { outcome });
  for (const reason of FINDING_REASONS) findings.add(0, { reason });
  for (const labels of REFUSALS) refusals.add(0, labels);
  connections.add(0);
  let taken = 0;
  return {
    batchTaken: (count) => batch.record(count),
    answered(results) {
      taken += results.filter(({ position }) => position !== undefined).length;
      for (const [outcome, count] of countEach(results.map(outcomeLabel))) reports.add(count, { outcome });
      for (const [reason, count] of countEach(results.flatMap(reasonsOf))) findings.add(count, { reason });
    },
    reportsTaken: () => taken,
    refused: (error) => refusals.add(1, refusalLabels(error)),
    refusedInPart(faults) {
      const labels = Array.from(faults, refusalLabels);
      for (const each of new Map(labels.map((label) => [JSON.stringify(label), label])).values())
        refusals.add(1, each);
    },
    connectionOpened: () => connections.add(1),
    connectionClosed: () => connections.add(-1),
  };
}

const LABELS = new Map(
  Object.entries(ReportOutcome)
    .filter(([, outcome]) => outcome !== ReportOutcome.UNSPECIFIED)
    .map(([name, outcome]) => [outcome, name.toLowerCase()]),
);

/** The reasons of findings about reports, which are counted from the start. */
export const FINDING_REASONS: readonly string[] = [
  ...['INVALID_VEHICLE_ID', 'INVALID_REPORT_ID', 'INVALID_VIN', 'NO_SAMPLE', 'TOO_MANY_SAMPLES'],
  ...['NOT_MILLISECONDS', 'TEXT_TOO_LONG', 'NO_SIGNAL', 'TOO_MANY_OTHERS', 'HAS_A_FIELD', 'NO_VALUE'],
  ...['INVALID_SIGNAL_PATH', 'NOT_FINITE', 'WRONG_BYTES', 'REPORT_TOO_LARGE', 'OUT_OF_RANGE', 'SENTINEL'],
  ...['CLOCK_UNREADABLE', 'IN_THE_DISTANT_PAST', 'IN_THE_FUTURE'],
  ...['POSITION_INCOMPLETE', 'VIN_CHECK_DIGIT', 'SAME_TIME', 'MORE_FINDINGS', 'OVERLOADED', 'UNAVAILABLE'],
];

/** The refusals that are counted from the start, so that the first one is seen as a rise. */
const REFUSALS: readonly Readonly<Record<string, string>>[] = [
  { code: 'INVALID_ARGUMENT' },
  { code: 'INVALID_ARGUMENT', limit: 'message_reports' },
  ...(
    [
      ...[
        'message_bytes',
        'client_reports_per_second',
        'client_windows_per_second',
        'client_vehicles_per_second',
        'client_connections',
      ],
      ...['work_bytes', 'queued_bytes', 'stream_bytes', 'free_disk'],
    ] as const satisfies readonly LimitName[]
  ).map((limit) => ({ code: 'RESOURCE_EXHAUSTED', limit })),
  { code: 'UNAVAILABLE' },
  { code: 'INTERNAL' },
];

function outcomeLabel({ outcome }: ReportResult): string {
  return LABELS.get(outcome) ?? 'unspecified';
}

function reasonsOf({ findings }: ReportResult): readonly string[] {
  return findings.map(({ reason }) => reason);
}

function refusalLabels(error: unknown): Record<string, string> {
  // The fault of a batch is that of one of its reports.
  const causes = [error, error instanceof Error ? error.cause : undefined];
  const limited = causes.find((cause) => cause instanceof LimitFault);
  return { code: statusNameOf(error), ...(limited && { limit: limited.limitName }) };
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
