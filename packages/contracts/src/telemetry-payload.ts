import { Fault } from '@odograph/kernel/fault';
import type { Sample } from '@odograph/kernel/signal';
import type {
  EventHead,
  QuarantinedSample,
  TelemetryQuarantined,
  TelemetryReported,
} from '@odograph/kernel/vehicle-event';
import type {
  TelemetryQuarantined as QuarantinedPayload,
  TelemetryReported as ReportedPayload,
  QuarantinedSample as WireQuarantinedSample,
} from './generated/odograph/telemetry/v1/event.ts';
import type { Sample as WireSample } from './generated/odograph/telemetry/v1/report.ts';
import { signalsToDomain, signalsToWire } from './signals.ts';

export function reportedToDomain(head: EventHead, payload: ReportedPayload): TelemetryReported {
  return {
    type: 'TelemetryReported',
    ...head,
    ...vinOf(payload),
    samples: payload.samples.map(sampleToDomain),
  };
}

export function reportedToPayload(event: TelemetryReported): ReportedPayload {
  return { samples: event.samples.map(sampleToWire), vin: event.vin };
}

export function quarantinedToDomain(head: EventHead, payload: QuarantinedPayload): TelemetryQuarantined {
  const samples = payload.samples.map(quarantinedSampleToDomain);
  return { type: 'TelemetryQuarantined', ...head, ...vinOf(payload), samples };
}

export function quarantinedToPayload(event: TelemetryQuarantined): QuarantinedPayload {
  return { samples: event.samples.map(quarantinedSampleToWire), vin: event.vin };
}

function vinOf({ vin }: { vin?: string | undefined }): { vin?: string } {
  return vin === undefined ? {} : { vin };
}

function sampleToDomain(wire: WireSample): Sample {
  if (wire.signals === undefined) throw new Fault('CORRUPT_LOG', 'a sample has no signals');
  return { observedAtMs: wire.observedAtMs, signals: signalsToDomain(wire.signals) };
}

function sampleToWire(sample: Sample): WireSample {
  return { observedAtMs: sample.observedAtMs, signals: signalsToWire(sample.signals) };
}

function quarantinedSampleToDomain({
  sampleIndex,
  sample,
  reasons,
}: WireQuarantinedSample): QuarantinedSample {
  if (sample === undefined) throw new Fault('CORRUPT_LOG', `quarantined sample ${sampleIndex} is missing`);
  const quarantined = { sampleIndex, sample: sampleToDomain(sample), findings: reasons };
  return sample.clockText === undefined ? quarantined : { ...quarantined, clockText: sample.clockText };
}

function quarantinedSampleToWire(quarantined: QuarantinedSample): WireQuarantinedSample {
  const sample = { ...sampleToWire(quarantined.sample), clockText: quarantined.clockText };
  return { sampleIndex: quarantined.sampleIndex, sample, reasons: [...quarantined.findings] };
}
