import { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type {
  DecisionEvent,
  DecisionHead,
  EventHead,
  EventType,
  TelemetryConflicted,
  TelemetryQuarantined,
  TelemetryReported,
  VehicleEvent,
} from '@odograph/kernel/vehicle-event';
import * as alerting from './generated/odograph/alerting/v1/alert_events.ts';
import * as wire from './generated/odograph/telemetry/v1/event.ts';
import * as operational from './operational-payload.ts';
import { firstVersion, type PayloadVersions } from './payload-versions.ts';
import * as registration from './registration-payload.ts';
import * as telemetry from './telemetry-payload.ts';

/** A type of events in one of its versions. */
export interface EventKind {
  readonly type: string;
  readonly version: number;
}

/** The type, version and payload of an event on the wire. */
interface EncodedPayload {
  readonly type: EventType;
  readonly version: number;
  readonly payload: Buffer;
}

/** How events of one type are decoded and encoded. */
interface EventForm<E extends VehicleEvent> {
  readonly newest: number;
  decode(event: wire.Event): E;
  encode(event: E): Uint8Array;
}

type EventOf<T extends EventType> = Extract<VehicleEvent, { readonly type: T }>;

const CONFLICT_VERSIONS = firstVersion(wire.TelemetryConflicted);

/** Every version of every event type; `firstVersion(a).upcastTo(b, upcast)` adds a version. */
const CATALOGUE: { readonly [T in EventType]: EventForm<EventOf<T>> } = {
  TelemetryReported: form(
    firstVersion(wire.TelemetryReported),
    telemetry.reportedToDomain,
    telemetry.reportedToPayload,
  ),
  TelemetryQuarantined: form(
    firstVersion(wire.TelemetryQuarantined),
    telemetry.quarantinedToDomain,
    telemetry.quarantinedToPayload,
  ),
  TelemetryConflicted: form(CONFLICT_VERSIONS, conflictToDomain, conflictToPayload),
  TimeTicked: form(firstVersion(wire.TimeTicked), operational.tickedToDomain, () => ({})),
  LogGapFound: form(firstVersion(wire.LogGapFound), operational.gapToDomain, operational.gapToPayload),
  UndecodableReceived: form(
    firstVersion(wire.UndecodableReceived),
    operational.undecodableToDomain,
    operational.undecodableToPayload,
  ),
  ParkedEventRetried: form(
    firstVersion(wire.ParkedEventRetried),
    operational.retriedToDomain,
    operational.parkedToPayload,
  ),
  ParkedEventDropped: form(
    firstVersion(wire.ParkedEventDropped),
    operational.droppedToDomain,
    operational.parkedToPayload,
  ),
  VehicleRegistered: decision(
    firstVersion(wire.VehicleRegistered),
    registration.registeredToDomain,
    registration.registrationToPayload,
  ),
  VehicleUpdated: decision(
    firstVersion(wire.VehicleUpdated),
    registration.updatedToDomain,
    registration.registrationToPayload,
  ),
  VehicleRetired: decision(firstVersion(wire.VehicleRetired), registration.retiredToDomain, () => ({})),
  AlertPending: sameFields('AlertPending', firstVersion(alerting.AlertPending)),
  AlertSubsided: sameFields('AlertSubsided', firstVersion(alerting.AlertSubsided)),
  AlertFired: sameFields('AlertFired', firstVersion(alerting.AlertFired)),
  AlertSeverityChanged: sameFields('AlertSeverityChanged', firstVersion(alerting.AlertSeverityChanged)),
  AlertRecovering: sameFields('AlertRecovering', firstVersion(alerting.AlertRecovering)),
  AlertFiringAgain: sameFields('AlertFiringAgain', firstVersion(alerting.AlertFiringAgain)),
  AlertResolved: sameFields('AlertResolved', firstVersion(alerting.AlertResolved)),
  AlertRaisedLate: sameFields('AlertRaisedLate', firstVersion(alerting.AlertRaisedLate)),
  AlertCorrected: sameFields('AlertCorrected', firstVersion(alerting.AlertCorrected)),
  AlertRetracted: sameFields('AlertRetracted', firstVersion(alerting.AlertRetracted)),
  FlappingEnded: sameFields('FlappingEnded', firstVersion(alerting.FlappingEnded)),
  LateSamplesRejected: sameFields('LateSamplesRejected', firstVersion(alerting.LateSamplesRejected)),
  AlertAcknowledged: sameFields('AlertAcknowledged', firstVersion(alerting.AlertAcknowledged)),
  RuleCreated: sameFields('RuleCreated', firstVersion(alerting.RuleCreated)),
  RuleRevised: sameFields('RuleRevised', firstVersion(alerting.RuleRevised)),
  RuleEnabled: sameFields('RuleEnabled', firstVersion(alerting.RuleEnabled)),
  RuleDisabled: sameFields('RuleDisabled', firstVersion(alerting.RuleDisabled)),
  RuleApplied: sameFields('RuleApplied', firstVersion(alerting.RuleApplied)),
  SilenceSet: sameFields('SilenceSet', firstVersion(alerting.SilenceSet)),
  SilenceEnded: sameFields('SilenceEnded', firstVersion(alerting.SilenceEnded)),
};

/** The version in which each event type is written; every version from 1 to this one can be read. */
export const NEWEST_VERSIONS: ReadonlyMap<string, number> = new Map(
  Object.entries(CATALOGUE).map(([type, { newest }]) => [type, newest]),
);

/** Whether this program can decode events of a type and version. */
export function isKnownKind({ type, version }: EventKind): boolean {
  const newest = NEWEST_VERSIONS.get(type);
  return newest !== undefined && version <= newest;
}

/**
 * The event in domain form, in the newest version of its type.
 * @throws {Fault} UNAVAILABLE if only a newer program knows its type or version ({@link isNewerThanKnown});
 *   CORRUPT_LOG if its payload does not match its type and version.
 */
export function decodeEvent(event: wire.Event): VehicleEvent {
  const { type, version } = event;
  const form = formOf(type);
  if (form === undefined || version > form.newest) throw new NewerEventFault({ type, version });
  try {
    return form.decode(event);
  } catch (cause) {
    if (isNewerThanKnown(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const whose = `report ${event.reportId} of ${event.subject}`;
    throw new Fault('CORRUPT_LOG', `${type} version ${version}, ${whose}, cannot be decoded: ${why}`, {
      cause,
    });
  }
}

/** The type, the newest version and the payload of an event. */
export function encodePayload(event: VehicleEvent): EncodedPayload {
  const { newest, encode } = CATALOGUE[event.type] as EventForm<VehicleEvent>;
  return { type: event.type, version: newest, payload: operational.bufferOf(encode(event)) };
}

/** What a wire event has and a domain event does not. */
type EventStamp = Partial<Pick<wire.Event, 'part' | 'contentHash' | 'traceparent'>>;

/** For events that do not come from a report. */
const NO_CONTENT = Buffer.alloc(16);

/** The event in wire form, in the newest version of its type. */
export function encodeEvent(event: VehicleEvent, stamp: EventStamp = {}): wire.Event {
  const { subject, reportId, observedAtMs, receivedAtMs } = event;
  return {
    ...encodePayload(event),
    ...{ subject, reportId, observedAtMs, receivedAtMs },
    ...{ part: 0, contentHash: NO_CONTENT, traceparent: '', ...stamp },
    ...('aggregateVersion' in event && decisionFields(event)),
  };
}

/** Without an observed time, so that the same decision has the same key whenever it is sent. */
function decisionFields({ aggregateVersion, commandHash }: DecisionEvent) {
  return { observedAtMs: 0, aggregateVersion, contentHash: Buffer.from(commandHash, 'hex') };
}

/** The payload of a conflict. It keeps each byte of the event that came, with its part, hash, trace and version. */
export function encodeConflict(came: wire.Event, heldAt: EventPosition): EncodedPayload {
  const payload = operational.bufferOf(CONFLICT_VERSIONS.encode({ came, heldAt }));
  return { type: 'TelemetryConflicted', version: CONFLICT_VERSIONS.newest, payload };
}

/** The log has an event that only a newer program can decode. */
export class NewerEventFault extends Fault {
  readonly kind: EventKind;

  constructor(kind: EventKind) {
    const what = `${kind.type} version ${kind.version}`;
    super('UNAVAILABLE', `${what} is newer than this program: update the program to continue`);
    this.kind = kind;
  }
}

/**
 * Whether a fault says that an event has a type or version that this program does not know yet.
 * A view waits before such an event until the program is updated or an operator drops it; it never skips it.
 */
export function isNewerThanKnown(fault: unknown): fault is NewerEventFault {
  return fault instanceof NewerEventFault;
}

function form<E extends VehicleEvent, P>(
  versions: PayloadVersions<P>,
  toDomain: (head: EventHead, payload: P) => E,
  toPayload: (event: E) => P,
): EventForm<E> {
  return {
    newest: versions.newest,
    decode: (event) => toDomain(headOf(event), versions.decode(event.version, event.payload)),
    encode: (event) => versions.encode(toPayload(event)),
  };
}

/** The form of an event that has a version of its subject. */
function decision<E extends DecisionEvent, P>(
  versions: PayloadVersions<P>,
  toDomain: (head: DecisionHead, payload: P) => E,
  toPayload: (event: E) => P,
): EventForm<E> {
  return {
    newest: versions.newest,
    decode: (event) => toDomain(decisionHeadOf(event), versions.decode(event.version, event.payload)),
    encode: (event) => versions.encode(toPayload(event)),
  };
}

/** The form of an event of alerting: its fields have the same names and types in both forms. */
function sameFields<T extends EventType, P extends object>(
  type: T,
  versions: PayloadVersions<P>,
): EventForm<EventOf<T>> {
  return {
    newest: versions.newest,
    decode(event) {
      const payload = versions.decode(event.version, event.payload);
      if ('alert' in payload && payload.alert === undefined)
        throw new Fault('CORRUPT_LOG', 'the alert is missing');
      const head = DECISIONS.includes(type) ? decisionHeadOf(event) : headOf(event);
      return { type, ...head, ...payload } as unknown as EventOf<T>;
    },
    encode: (event) => versions.encode(event as unknown as P),
  };
}

const DECISIONS: readonly EventType[] = [
  ...(['RuleCreated', 'RuleRevised', 'RuleEnabled', 'RuleDisabled'] as const),
  ...(['SilenceSet', 'SilenceEnded'] as const),
];

function formOf(type: string): EventForm<VehicleEvent> | undefined {
  return Object.hasOwn(CATALOGUE, type)
    ? (CATALOGUE[type as EventType] as EventForm<VehicleEvent>)
    : undefined;
}

/** Event time is log time if the vehicle's clock could not be used. */
function headOf({ subject, reportId, observedAtMs, receivedAtMs }: wire.Event): EventHead {
  return { subject, reportId, observedAtMs: observedAtMs === 0 ? receivedAtMs : observedAtMs, receivedAtMs };
}

function decisionHeadOf(event: wire.Event): DecisionHead {
  const { aggregateVersion, contentHash } = event;
  if (!aggregateVersion) throw new Fault('CORRUPT_LOG', 'a decision has no version');
  return { ...headOf(event), aggregateVersion, commandHash: Buffer.from(contentHash).toString('hex') };
}

function conflictToDomain(head: EventHead, { came, heldAt }: wire.TelemetryConflicted): TelemetryConflicted {
  return {
    type: 'TelemetryConflicted',
    ...head,
    came: reportThatCame(came),
    heldAt: operational.eventPositionOf(heldAt),
  };
}

function conflictToPayload({ came, heldAt }: TelemetryConflicted): wire.TelemetryConflicted {
  return { came: encodeEvent(came, { contentHash: Buffer.of() }), heldAt };
}

/** Checks the type before it decodes, so that hostile bytes cannot nest conflicts without limit. */
function reportThatCame(came: wire.Event | undefined): TelemetryReported | TelemetryQuarantined {
  const event = came?.type === 'TelemetryConflicted' ? undefined : came && decodeEvent(came);
  if (event?.type === 'TelemetryReported' || event?.type === 'TelemetryQuarantined') return event;
  throw new Fault('CORRUPT_LOG', `a conflict holds ${came?.type ?? 'nothing'} where a report must be`);
}
