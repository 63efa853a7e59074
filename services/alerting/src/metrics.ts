import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import { counter, gauge, labelledGauge, latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { DecodedEvent } from './evaluate/decoded-event.ts';

/** What a process knows of a partition that it evaluates. */
interface MeasuredPartition {
  readonly partition: number;
  readonly vehicleCount: number;
  readonly outgoingCount: number;
}

/** What is measured when it happens. */
export function alertingInstruments(meter: Meter) {
  const events = counter(
    meter,
    'odograph.alerting.events',
    '{event}',
    'Events of the log that were evaluated.',
  );
  const changes = counter(
    meter,
    'odograph.alerting.changes',
    '{event}',
    'Events of alerts that the log has and this process has seen, by type.',
  );
  const skipped = counter(
    meter,
    'odograph.alerting.skipped',
    '{event}',
    'Events of the log that could not be evaluated, and changed nothing.',
  );
  const found = latencyHistogram(
    meter,
    'odograph.alerting.found',
    'From when ingest received what makes an alert fire until the alert is in the log and has been read there.',
  );
  skipped.add(0);
  return {
    evaluated(taken: readonly DecodedEvent[]) {
      events.add(taken.length);
      for (const { event } of taken) {
        if (!event.subject.startsWith('alert/')) continue;
        changes.add(1, { type: event.type });
        if (event.type === 'AlertFired') found.record(sinceCauseS(event));
      }
    },
    skipped: () => skipped.add(1),
  };
}

/** The observed time of an event of an alert is when its cause was received. */
const sinceCauseS = ({ observedAtMs }: AlertEvent): number => Math.max(0, Date.now() - observedAtMs) / 1_000;

/** What is read at each scrape. */
export function measureAlerting(
  meter: Meter,
  read: { readonly partitions: () => readonly MeasuredPartition[]; readonly watchCount: () => number },
): void {
  const ofPartition = (
    name: string,
    unit: string,
    description: string,
    value: (measured: MeasuredPartition) => number,
  ) =>
    labelledGauge(meter, `odograph.alerting.${name}`, unit, description, (result) => {
      for (const each of read.partitions()) result.observe(value(each), { partition: each.partition });
    });
  ofPartition('owned', '1', '1 for each partition that this process evaluates.', () => 1);
  ofPartition('vehicles', '{vehicle}', 'Vehicles that are known, by partition.', (each) => each.vehicleCount);
  ofPartition(
    'outgoing',
    '{event}',
    'Events of alerts that the log does not have yet.',
    (each) => each.outgoingCount,
  );
  gauge(meter, 'odograph.alerting.watches', '{watch}', 'Streams of Alerts.Watch.', read.watchCount);
}
