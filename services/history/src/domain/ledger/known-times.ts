/** What is known of the times of a subject's events, so that a newer event is new without looking it up. */
export interface KnownTimes {
  /** The greatest observed time of its plain events; -1 if it has none. */
  readonly newestMs: number;
  /**
   * Times beyond that of events that are not plain, such as a quarantined report from a clock that is years ahead. They do
   * not raise the newest time, or every later report would have to be looked up for ever. The smallest of them, sorted.
   */
  readonly aheadMs: readonly number[];
  /** From this time on nothing is known; Infinity if `aheadMs` has all of them. */
  readonly unknownFromMs: number;
}

export const NOTHING_KNOWN: KnownTimes = { newestMs: -1, aheadMs: [], unknownFromMs: Infinity };

const MAX_AHEAD = 16;

/** What decides whether an event raises the newest time of its subject. */
interface TimedEvent {
  readonly type: string;
  readonly part: number;
  readonly observedAtMs: number;
  readonly receivedAtMs: number;
}

/** Nearly all events have one of these types. */
const PLAIN_TYPES: readonly string[] = ['TelemetryReported', 'TimeTicked'];
/** A clock may be so far ahead of ours. An event further ahead is looked up, whatever ingest believes. */
const MAX_AHEAD_MS = 3_600_000;

/**
 * Whether an event raises the newest time of its subject. The time of a report is that of its first sample, which may be
 * quarantined although others are believed. This depends on the event alone, so every owner comes to the same times.
 */
export function isPlain({ type, part, observedAtMs, receivedAtMs }: TimedEvent): boolean {
  return part === 0 && observedAtMs <= receivedAtMs + MAX_AHEAD_MS && PLAIN_TYPES.includes(type);
}

/** Whether the subject can have an event of this time. If not, an event of this time is new for certain. */
export function canHave({ newestMs, aheadMs, unknownFromMs }: KnownTimes, timeMs: number): boolean {
  return timeMs <= newestMs || timeMs >= unknownFromMs || (aheadMs.length > 0 && aheadMs.includes(timeMs));
}

/** The times with one more event. Only a plain one raises the newest time. */
export function withEvent(known: KnownTimes, timeMs: number, isPlain: boolean): KnownTimes {
  if (timeMs <= known.newestMs) return known;
  if (!isPlain) return withAhead(known, timeMs);
  if (known.aheadMs.length === 0) return { ...known, newestMs: timeMs };
  return { ...known, newestMs: timeMs, aheadMs: known.aheadMs.filter((ahead) => ahead > timeMs) };
}

function withAhead(known: KnownTimes, timeMs: number): KnownTimes {
  if (timeMs >= known.unknownFromMs || known.aheadMs.includes(timeMs)) return known;
  const aheadMs = [...known.aheadMs, timeMs].sort((a, b) => a - b);
  const dropped = aheadMs.length > MAX_AHEAD ? aheadMs.pop() : undefined;
  return { ...known, aheadMs, unknownFromMs: Math.min(known.unknownFromMs, dropped ?? Infinity) };
}
