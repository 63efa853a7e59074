import { reportIn } from '@odograph/kernel/vehicle-event';
import type { SeenEvent } from './seen-event.ts';

const MINUTE_MS = 60_000;

/** How long ago a range must have ended so that its samples are kept. */
const CLOSED_AFTER_MS = 60 * MINUTE_MS;
/** From which age on a sample may be in such a range. It is less, so that clocks of several processes may differ. */
const LATE_AFTER_MS = 30 * MINUTE_MS;

/** Whether the samples up to a time are all here, except for late ones. */
export function isClosed(toMs: number, nowMs: number): boolean {
  return toMs > 0 && toMs <= nowMs - CLOSED_AFTER_MS;
}

/** Whether an event may change what is kept about its vehicle: its registration, or samples of ranges that are closed. */
export function changesWhatIsKept({ event }: SeenEvent, nowMs: number): boolean {
  if (!event) return true;
  if (event.type === 'TelemetryQuarantined') return false;
  const report = reportIn(event);
  // A decision about the vehicle, or about an event that was parked.
  if (!report) return event.type !== 'TelemetryConflicted';
  return report.samples.some(({ observedAtMs }) => observedAtMs < nowMs - LATE_AFTER_MS);
}
