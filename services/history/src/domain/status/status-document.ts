import { Fault } from '@odograph/kernel/fault';
import type { DocumentBody } from '@odograph/kernel/projection';
import type { SignalValue } from '@odograph/kernel/signal';
import type { GivenVin, LatestReading, StatusSlice, VehicleStatus } from './status-slice.ts';

/** A stored status. Fields that lists filter by are at the top; names of signals are values, because they contain dots. */
type StatusDocument = {
  readonly fleet: string;
  readonly model: string;
  readonly vin?: string;
  readonly vinCheckDigitOk?: boolean;
  /** The key of the sample whose report had the VIN. */
  readonly vinFrom?: { readonly t: number; readonly r: string };
  readonly lastObservedAtMs?: number;
  readonly lastReceivedAtMs: number;
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

export function toStatusDocument(known: VehicleStatus, vin: GivenVin | undefined): StatusDocument {
  const { fleet, model, lastReceivedAtMs } = known;
  return {
    fleet,
    model,
    ...(vin && { vin: vin.value, vinFrom: { t: vin.observedAtMs, r: vin.reportId } }),
    ...(known.isVinCheckDigitRight !== undefined && { vinCheckDigitOk: known.isVinCheckDigitRight }),
    ...(known.lastObservedAtMs !== undefined && { lastObservedAtMs: known.lastObservedAtMs }),
    lastReceivedAtMs,
    signals: Array.from(known.latest, toEntry),
    ...(known.hasMoreSignals && { hasMoreSignals: true }),
  };
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
  if (!Array.isArray(document.signals) || typeof document.lastReceivedAtMs !== 'number') {
    throw new Fault(
      'CORRUPT_LOG',
      'a stored status is not in the expected form: rebuild the projection status',
    );
  }
  const { vin, vinFrom, lastReceivedAtMs, signals, hasMoreSignals = false } = document as StatusDocument;
  return {
    latest: new Map(signals.map((entry) => [entry.n, fromEntry(entry)])),
    vin: vin && vinFrom ? { value: vin, observedAtMs: vinFrom.t, reportId: vinFrom.r } : undefined,
    lastReceivedAtMs,
    hasMoreSignals,
  };
}

function fromEntry({ v, b, t, r }: SignalEntry): LatestReading {
  return { value: v, beside: b, observedAtMs: t, reportId: r };
}
