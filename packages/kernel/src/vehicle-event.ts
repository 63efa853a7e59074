import type { Finding } from './finding.ts';
import type { EventPosition } from './position.ts';
import type { Sample } from './signal.ts';

/** What every event knows of itself. */
export interface EventHead {
  /** The vehicle or other aggregate it concerns. */
  readonly subject: string;
  /** Names the report within subject and observed time. */
  readonly reportId: string;
  /** Event time: Unix time in milliseconds, the vehicle's clock. */
  readonly observedAtMs: number;
  /** Log time: Unix time in milliseconds, our clock at the door. Never subtract the two but to measure lag. */
  readonly receivedAtMs: number;
}

/** A vehicle reported what can be believed. */
export interface TelemetryReported extends EventHead {
  readonly type: 'TelemetryReported';
  readonly vin?: string | undefined;
  readonly samples: readonly Sample[];
}

/** A sample, or single signals of one, that can be read but not believed. */
export interface QuarantinedSample {
  /** The sample's place in its report. */
  readonly sampleIndex: number;
  readonly sample: Sample;
  /** What the vehicle's clock said where that is no time. */
  readonly clockText?: string | undefined;
  /** Why, with fields relative to the sample. */
  readonly reasons: readonly Finding[];
}

/** A report, or part of one, that can be read but not believed. */
export interface TelemetryQuarantined extends EventHead {
  readonly type: 'TelemetryQuarantined';
  readonly vin?: string | undefined;
  readonly samples: readonly QuarantinedSample[];
}

/** A report came under a key that the log holds with other content. */
export interface TelemetryConflicted extends EventHead {
  readonly type: 'TelemetryConflicted';
  readonly came: TelemetryReported | TelemetryQuarantined;
  readonly heldAt: EventPosition;
}

/** Time passed: one for every partition and ten seconds. */
export interface TimeTicked extends EventHead {
  readonly type: 'TimeTicked';
}

/** The stream was restored, made anew or cut; its sequences were moved on. */
export interface LogGapFound extends EventHead {
  readonly type: 'LogGapFound';
  readonly watermark: number;
  readonly foundLastSequence: number;
  readonly resumedSequence: number;
}

/** Something in the stream that could not be stored as what it claims to be. */
export interface UndecodableReceived extends EventHead {
  readonly type: 'UndecodableReceived';
  readonly reason: string;
  readonly raw: Uint8Array;
}

/** Someone asked that a parked event be applied again, and what waits behind it. */
export interface ParkedEventRetried extends EventHead {
  readonly type: 'ParkedEventRetried';
  readonly projection: string;
  readonly position: EventPosition;
}

/** Someone decided that a projection goes on without a parked event. */
export interface ParkedEventDropped extends EventHead {
  readonly type: 'ParkedEventDropped';
  readonly projection: string;
  readonly position: EventPosition;
}

/** Every event of the log, in the newest version of its type. */
export type VehicleEvent =
  | TelemetryReported
  | TelemetryQuarantined
  | TelemetryConflicted
  | TimeTicked
  | LogGapFound
  | UndecodableReceived
  | ParkedEventRetried
  | ParkedEventDropped;

export type EventType = VehicleEvent['type'];

/** An event with its place in the log. */
export interface LoggedEvent<E extends VehicleEvent = VehicleEvent> {
  readonly position: EventPosition;
  readonly event: E;
}

/**
 * What an event tells of a vehicle that can be believed: the report itself, or the one inside a conflict.
 * Both contents under one key are told to the views, which unite them in the same way in either order.
 */
export function reportIn(event: VehicleEvent): TelemetryReported | undefined {
  if (event.type === 'TelemetryReported') return event;
  if (event.type === 'TelemetryConflicted' && event.came.type === 'TelemetryReported') return event.came;
  return undefined;
}
