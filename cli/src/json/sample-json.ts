import type { RecordedSample } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { signalsToDomain } from '@odograph/contracts/signals';
import { isoTime } from '@odograph/kernel/iso-time';
import type { Signals } from '@odograph/kernel/signal';
import { signalsInOrder } from './signals-in-order.ts';

/** A sample, as `odograph history --json` prints it: a line of NDJSON that `odograph replay` takes. */
export interface SampleJson {
  readonly vehicle_id: string;
  readonly observed_at: string;
  readonly report_id: string;
  readonly signals: Signals;
}

export function sampleJson(vehicleId: string, sample: RecordedSample): SampleJson {
  return {
    vehicle_id: vehicleId,
    observed_at: isoTime(sample.observedAtMs),
    report_id: sample.reportId,
    signals: signalsInOrder(signalsToDomain(sample.signals ?? { others: {} })),
  };
}
