import type { Acknowledgement, AlertChange, RuleApplication, RuleFact, SilenceFact } from './alert-event.ts';
import type { Finding } from './finding.ts';
import type { EventPosition } from './position.ts';
import type { Registration } from './registration.ts';
import type { Sample } from './signal.ts';

/** What all events have. */
export interface EventHead {
  /** The id of the vehicle, or of another aggregate. */
  readonly subject: string;
  /** Unique for the subject and the observed time. */
  readonly reportId: string;
  /** Event time: Unix time in milliseconds, by the vehicle's clock. */
  readonly observedAtMs: number;
  /** Log time: Unix time in milliseconds, by our clock when ingest received it. Subtract the two only to measure lag. */
  readonly receivedAtMs: number;
}

/** A vehicle reported values that can be believed. */
export interface TelemetryReported extends EventHead {
  readonly type: 'TelemetryReported';
  readonly vin?: string | undefined;
  readonly samples: readonly Sample[];
}

/** A sample, or some of its signals, that can be read but not believed. */
export interface QuarantinedSample {
  /** The index of the sample in its report. */
  readonly sampleIndex: number;
  readonly sample: Sample;
  /** The text of the vehicle's clock, if it is not a time. */
  readonly clockText?: string | undefined;
  /** Why it is not believed, with fields relative to the sample. */
  readonly findings: readonly Finding[];
}

/** A report, or a part of it, can be read but not believed. */
export interface TelemetryQuarantined extends EventHead {
  readonly type: 'TelemetryQuarantined';
  readonly vin?: string | undefined;
  readonly samples: readonly QuarantinedSample[];
}

/** A report arrived whose key is already in the log, with other content. */
export interface TelemetryConflicted extends EventHead {
  readonly type: 'TelemetryConflicted';
  readonly came: TelemetryReported | TelemetryQuarantined;
  readonly heldAt: EventPosition;
}

/** Time passed: one event every ten seconds in each partition. */
export interface TimeTicked extends EventHead {
  readonly type: 'TimeTicked';
}

/** The stream was restored, created again or cut. The repair moved its sequences forward. */
export interface LogGapFound extends EventHead {
  readonly type: 'LogGapFound';
  readonly watermark: number;
  readonly foundLastSequence: number;
  readonly resumedSequence: number;
}

/** A message in the stream could not be stored as the event that it claims to be. */
export interface UndecodableReceived extends EventHead {
  readonly type: 'UndecodableReceived';
  readonly reason: string;
  readonly raw: Uint8Array;
}

/** An operator asked to apply a parked event again, and the events that wait behind it. */
export interface ParkedEventRetried extends EventHead {
  readonly type: 'ParkedEventRetried';
  readonly projection: string;
  readonly position: EventPosition;
}

/** An operator decided that a projection continues without a parked event. */
export interface ParkedEventDropped extends EventHead {
  readonly type: 'ParkedEventDropped';
  readonly projection: string;
  readonly position: EventPosition;
}

/** What the event of a decision has. Its report id is the id of the decision, and its observed time is the received one. */
export interface DecisionHead extends EventHead {
  /** The version that the decision gives its subject, from 1. The log has each version of a subject once. */
  readonly aggregateVersion: number;
  /** Hex of what was asked for: the same decision sent again has the same. */
  readonly commandHash: string;
}

/** A vehicle was registered, for the first time or after it was retired. */
export interface VehicleRegistered extends DecisionHead {
  readonly type: 'VehicleRegistered';
  readonly registration: Registration;
}

/** The registration of a vehicle was changed. */
export interface VehicleUpdated extends DecisionHead {
  readonly type: 'VehicleUpdated';
  /** The whole registration after the change. */
  readonly registration: Registration;
}

/** A vehicle was retired. Its history stays. */
export interface VehicleRetired extends DecisionHead {
  readonly type: 'VehicleRetired';
}

/** A decision about the registration of a vehicle. */
export type RegistrationEvent = VehicleRegistered | VehicleUpdated | VehicleRetired;

/** A decision about a rule. */
export type RuleEvent = DecisionHead & RuleFact;

/** A decision about a silence. */
export type SilenceEvent = DecisionHead & SilenceFact;

/** The event of a decision: it has a version of its subject. */
export type DecisionEvent = RegistrationEvent | RuleEvent | SilenceEvent;

/** What alerting makes of the log, and what people say about it. */
export type AlertEvent = EventHead & (AlertChange | Acknowledgement | RuleApplication);

/** Any event of the log, in the newest version of its type. */
export type VehicleEvent =
  | TelemetryReported
  | TelemetryQuarantined
  | TelemetryConflicted
  | TimeTicked
  | LogGapFound
  | UndecodableReceived
  | ParkedEventRetried
  | ParkedEventDropped
  | AlertEvent
  | DecisionEvent;

export type EventType = VehicleEvent['type'];

/**
 * The believed report in an event: the event itself, or the report inside a conflict.
 * Read models take both contents of a conflict, and merge them to the same result in either order.
 */
export function reportIn(event: VehicleEvent): TelemetryReported | undefined {
  if (event.type === 'TelemetryReported') return event;
  if (event.type === 'TelemetryConflicted' && event.came.type === 'TelemetryReported') return event.came;
  return undefined;
}

/** The decision about a registration in an event; undefined if it is another event. */
export function registrationIn(event: VehicleEvent): RegistrationEvent | undefined {
  const { type } = event;
  return type === 'VehicleRegistered' || type === 'VehicleUpdated' || type === 'VehicleRetired'
    ? event
    : undefined;
}
