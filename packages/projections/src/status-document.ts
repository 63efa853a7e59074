import type { DocumentBody } from '@odograph/kernel/projection';
import type { Registration } from '@odograph/kernel/registration';
import type { SignalValue } from '@odograph/kernel/signal';
import { corruptDocument } from './corrupt-document.ts';
import type { FoldedStatus, LatestReading, MadeRegistration, StatusSlice } from './status-slice.ts';

/** A stored status. Fields that lists filter by are at the top; names of signals are values, because they contain dots. */
type StatusDocument = {
  readonly fleet: string;
  readonly model: string;
  readonly tags?: readonly string[];
  readonly vin?: string;
  readonly vinCheckDigitOk?: boolean;
  /** The VIN of a report, and the key of its newest sample. */
  readonly vinFrom?: { readonly vin: string; readonly t: number; readonly r: string };
  /** The rest of the registration, with the version of its decision. */
  readonly registered?: Omit<Registration, 'fleet' | 'model' | 'tags'> & { readonly version: number };
  readonly retiredAtVersion?: number;
  readonly lastObservedAtMs?: number;
  /** Absent if the vehicle never reported. */
  readonly lastReceivedAtMs?: number;
  readonly signals: readonly SignalEntry[];
  readonly hasMoreSignals?: true;
};

/** Name, value, the other coordinate of a fix, observed time, report id. */
type SignalEntry = {
  readonly n: string;
  readonly v: SignalValue;
  readonly b?: SignalValue;
  readonly t: number;
  readonly r: string;
};

export function toStatusDocument(known: FoldedStatus, slice: Readonly<StatusSlice>): StatusDocument {
  const { fleet, model, lastReceivedAtMs } = known;
  const { vin, registration, retiredAtVersion } = slice;
  return {
    fleet,
    model,
    ...(registration && registrationFields(registration)),
    ...(retiredAtVersion > 0 && { retiredAtVersion }),
    ...(known.vin !== undefined && { vin: known.vin }),
    ...(vin && { vinFrom: { vin: vin.value, t: vin.observedAtMs, r: vin.reportId } }),
    ...(known.isVinCheckDigitRight !== undefined && { vinCheckDigitOk: known.isVinCheckDigitRight }),
    ...(known.lastObservedAtMs !== undefined && { lastObservedAtMs: known.lastObservedAtMs }),
    ...(lastReceivedAtMs !== undefined && { lastReceivedAtMs }),
    signals: Array.from(known.latest, toEntry),
    ...(known.hasMoreSignals && { hasMoreSignals: true }),
  };
}

function registrationFields({ value, version }: MadeRegistration) {
  const { fleet: _, model: __, tags, ...rest } = value;
  return { tags, registered: { ...rest, version } };
}

function registrationOf({
  fleet,
  model,
  tags = [],
  registered,
}: StatusDocument): MadeRegistration | undefined {
  if (!registered) return undefined;
  const { version, ...rest } = registered;
  return { value: { fleet, model, tags, ...rest }, version };
}

function toEntry([n, { value, beside, observedAtMs, reportId }]: [string, LatestReading]): SignalEntry {
  return { n, v: value, ...(beside !== undefined && { b: beside }), t: observedAtMs, r: reportId };
}

/**
 * The slice of a stored document.
 * @throws {Fault} CORRUPT_LOG if the document has another form.
 */
export function fromStatusDocument(body: DocumentBody): StatusSlice {
  const document = body as Partial<StatusDocument>;
  if (!Array.isArray(document.signals) || typeof document.fleet !== 'string') {
    throw corruptDocument('status', 'a stored status is not in the expected form');
  }
  const { vinFrom, lastReceivedAtMs, signals } = document as StatusDocument;
  return {
    latest: new Map(signals.map((entry) => [entry.n, fromEntry(entry)])),
    vin: vinFrom && { value: vinFrom.vin, observedAtMs: vinFrom.t, reportId: vinFrom.r },
    registration: registrationOf(document as StatusDocument),
    retiredAtVersion: document.retiredAtVersion ?? 0,
    lastReceivedAtMs,
    hasMoreSignals: document.hasMoreSignals ?? false,
  };
}

function fromEntry({ v, b, t, r }: SignalEntry): LatestReading {
  return { value: v, beside: b, observedAtMs: t, reportId: r };
}
