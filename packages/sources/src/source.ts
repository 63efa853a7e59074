import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { signalsToWire } from '@odograph/contracts/signals';
import { isoTime, parseIsoTime } from '@odograph/kernel/iso-time';
import type { Signals, SignalValue } from '@odograph/kernel/signal';

/** One row of a source: its report, or why it has none. */
export type SourceRow =
  | {
      /** Its line in the file, or else its number; from 1. */
      readonly row: number;
      readonly report: VehicleReport;
    }
  | { readonly row: number; readonly unreadable: string };

/** Reports in the order they were recorded. One row is one report; an unreadable row is returned too, never skipped. */
export type Source = AsyncIterable<SourceRow>;

/** When a row was observed: an instant, or the text of a clock that gave no valid time. */
export type RecordedTime =
  | {
      /** Unix time in milliseconds. */
      readonly atMs: number;
    }
  | { readonly clockText: string };

/** An ISO 8601 time with its offset as an instant; anything else, such as 30 February, as the text of the clock. */
export function recordedTime(text: string): RecordedTime {
  const atMs = parseIsoTime(text);
  return atMs === undefined ? { clockText: text } : { atMs };
}

/** The signals of a row by name; undefined if the cell is empty. */
export type RecordedSignals = Readonly<Record<string, SignalValue | undefined>>;

/**
 * A report of one sample. Its id is the vehicle and the observed time (or the clock's text), so that a file that is
 * replayed again, in part or in another order, is the same data.
 */
export function reportOf(vehicleId: string, time: RecordedTime, recorded: RecordedSignals): VehicleReport {
  const signals = signalsToWire(present(recorded));
  const sample =
    'atMs' in time
      ? { observedAtMs: time.atMs, signals }
      : { observedAtMs: 0, signals, clockText: time.clockText };
  return { vehicleId, reportId: reportIdOf(vehicleId, time), samples: [sample] };
}

function present(recorded: RecordedSignals): Signals {
  const signals: Record<string, SignalValue> = {};
  for (const [name, value] of Object.entries(recorded)) {
    if (value !== undefined) signals[name] = value;
  }
  return signals;
}

/** `<vehicle>@<ISO 8601 UTC time>`, or `<vehicle>@<clock text>` in the characters a report id may have. */
export function reportIdOf(vehicleId: string, time: RecordedTime): string {
  const name = 'atMs' in time ? isoTime(time.atMs) : printable(time.clockText);
  return `${vehicleId}@${name}`;
}

function printable(text: string): string {
  return text.replaceAll(' ', '_').replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
}
