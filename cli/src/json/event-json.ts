import type { LogEvent } from '@odograph/client/log';
import { decodeEvent, isNewerThanKnown } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { formatPosition } from '@odograph/kernel/position';
import type { Sample } from '@odograph/kernel/signal';
import type { QuarantinedSample, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { registrationJson } from './registration-json.ts';
import { signalsInOrder } from './signals-in-order.ts';
import { isoTimeOrNull } from './times.ts';

/** An event of the log, as `odograph log --json` prints it. */
export interface EventJson {
  readonly position: string;
  readonly type: string;
  readonly version: number;
  readonly subject: string;
  /** null: the vehicle's clock could not be used, or the event is a decision, in which no vehicle's clock took part. */
  readonly observed_at: string | null;
  readonly received_at: string | null;
  readonly report_id: string;
  readonly part: number;
  readonly traceparent?: string;
  readonly data: object;
}

export function eventJson({ position, event }: LogEvent): EventJson {
  return {
    position: formatPosition(position),
    type: event.type,
    version: event.version,
    subject: event.subject,
    observed_at: isoTimeOrNull(event.observedAtMs),
    received_at: isoTimeOrNull(event.receivedAtMs),
    report_id: event.reportId,
    part: event.part,
    ...(event.traceparent !== '' && { traceparent: event.traceparent }),
    data: payloadJson(event),
  };
}

/** A payload that only a newer program knows is printed as its bytes. */
function payloadJson(event: Event): object {
  try {
    return dataJson(decodeEvent(event));
  } catch (error) {
    if (!isNewerThanKnown(error)) throw error;
    return { unknown: error.message, payload_base64: Buffer.from(event.payload).toString('base64') };
  }
}

function dataJson(event: VehicleEvent): object {
  switch (event.type) {
    case 'TelemetryReported':
      return { ...vinOf(event), samples: event.samples.map(sampleJson) };
    case 'TelemetryQuarantined':
      return { ...vinOf(event), samples: event.samples.map(quarantinedJson) };
    case 'TelemetryConflicted':
      return {
        held_at: formatPosition(event.heldAt),
        came: { type: event.came.type, ...dataJson(event.came) },
      };
    case 'TimeTicked':
      return {};
    case 'LogGapFound':
      return {
        watermark: event.watermark,
        found_last_sequence: event.foundLastSequence,
        resumed_sequence: event.resumedSequence,
      };
    case 'UndecodableReceived':
      return { reason: event.reason, raw_base64: Buffer.from(event.raw).toString('base64') };
    case 'ParkedEventRetried':
    case 'ParkedEventDropped':
      return { projection: event.projection, position: formatPosition(event.position) };
    case 'VehicleRegistered':
    case 'VehicleUpdated':
      return { aggregate_version: event.aggregateVersion, ...registrationJson(event.registration) };
    case 'VehicleRetired':
      return { aggregate_version: event.aggregateVersion };
    default:
      return fieldsJson(event);
  }
}

const HEAD: readonly string[] = [
  'type',
  'subject',
  'reportId',
  'observedAtMs',
  'receivedAtMs',
  'commandHash',
];

/** The fields of an event of alerting, under their names in JSON; times in words. */
function fieldsJson(event: object): object {
  return Object.fromEntries(
    Object.entries(event)
      .filter(([name, value]) => !HEAD.includes(name) && value !== undefined)
      .map(([name, value]) => [
        name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        jsonValue(name, value),
      ]),
  );
}

function jsonValue(name: string, value: unknown): unknown {
  if (name.endsWith('Ms')) return isoTimeOrNull(value as number);
  return name === 'alert' ? fieldsJson(value as object) : value;
}

function sampleJson({ observedAtMs, signals }: Sample): object {
  return { observed_at: isoTimeOrNull(observedAtMs), signals: signalsInOrder(signals) };
}

function quarantinedJson({ sampleIndex, sample, clockText, findings }: QuarantinedSample): object {
  const clock = clockText === undefined ? {} : { clock_text: clockText };
  return { sample_index: sampleIndex, ...sampleJson(sample), ...clock, reasons: findings };
}

function vinOf({ vin }: { readonly vin?: string | undefined }): { vin?: string } {
  return vin === undefined ? {} : { vin };
}
