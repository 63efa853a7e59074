import { backoffMs } from '@odograph/kernel/backoff';
import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import { formatPosition } from '@odograph/kernel/position';
import type { LogReader, LogStretch } from './log-reader.ts';

/** What the log has after an envelope. Without events it may only say how far the log goes. */
export interface NewStretch extends LogStretch {
  /** The sequence of the envelope that it follows. */
  readonly after: number;
}

/**
 * Calls back with what is new in the log of a partition, and the bytes that it keeps in memory, until the returned function is
 * called. It comes from the process's own writer or from the log, never from elsewhere. Some may be missing.
 */
export type LogListener = (
  partition: number,
  onStretch: (stretch: NewStretch, bytes: number) => void,
) => () => void;

interface SubscribeOptions {
  readonly reader: LogReader;
  readonly listen: LogListener;
  readonly partition: number;
  /** The sequence after which to begin; 0: at the start. */
  readonly after: number;
  readonly signal: AbortSignal;
  /** Bytes that wait for a slow caller. Above that, they are dropped and the log is read instead. */
  readonly maxBufferedBytes?: number;
  /** Called with the error of a read, and how long ago the first one in a row was, before the log is read again. What it throws ends this. */
  readonly onTrouble?: (error: unknown, failingMs: number) => void;
}

const DEFAULT_MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const BACKOFF = { firstMs: 50, maxMs: 2_000 };
/** How often the log is asked for its watermark, whatever is heard. */
const CHECK_MS = 5_000;
/** Before a log that seems to end too early is asked again: a new primary of MongoDB may be behind for a moment. */
const CONFIRM_MS = 1_000;

/**
 * Follows a partition's log from a sequence until the signal is aborted: every event once, in order, without gaps.
 *
 * It reads the log up to the watermark and then takes what is passed on in memory. It reads the log again when it falls behind,
 * when something is missing, every five seconds, and after a failed read.
 *
 * @throws {Fault} OUT_OF_RANGE if the log ends below what was followed: it was restored.
 */
export async function* subscribe(options: SubscribeOptions): AsyncGenerator<LogStretch, void, undefined> {
  const { reader, partition, signal } = options;
  const buffer = new StretchBuffer(options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES);
  const stopListening = options.listen(partition, (stretch, bytes) => buffer.push(stretch, bytes));
  const wakeUp = () => buffer.wake();
  signal.addEventListener('abort', wakeUp);
  let at = options.after;
  let failuresInARow = 0;
  let failingSinceMs = 0;
  try {
    while (!signal.aborted) {
      try {
        for await (const stretch of readToWatermark(reader, partition, at, signal)) {
          yield stretch;
          at = stretch.through;
        }
        failuresInARow = 0;
        for await (const stretch of takeWhileLinked(buffer, at, signal)) {
          yield stretch;
          at = stretch.through;
        }
      } catch (error) {
        if (isFault(error, 'OUT_OF_RANGE')) throw error;
        const nowMs = performance.now();
        if (failuresInARow === 0) failingSinceMs = nowMs;
        options.onTrouble?.(error, nowMs - failingSinceMs);
        await pause(backoffMs(failuresInARow, BACKOFF), signal);
        failuresInARow += 1;
      }
    }
  } finally {
    signal.removeEventListener('abort', wakeUp);
    stopListening();
  }
}

async function* readToWatermark(
  reader: LogReader,
  partition: number,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogStretch, void, undefined> {
  let at = after;
  const watermark = await watermarkFor(reader, partition, at, signal);
  while (at < watermark && !signal.aborted) {
    const stretch = await reader.read(partition, at, watermark);
    yield stretch;
    at = stretch.through;
  }
}

/** The watermark. Throws a Fault OUT_OF_RANGE if it stays below a sequence up to which the log was followed. */
async function watermarkFor(
  reader: LogReader,
  partition: number,
  followed: number,
  signal: AbortSignal,
): Promise<number> {
  const first = await reader.watermark(partition);
  if (first >= followed) return first;
  await pause(CONFIRM_MS, signal);
  const watermark = await reader.watermark(partition);
  if (watermark >= followed || signal.aborted) return watermark;
  const [end, beyond] = [watermark, followed].map((sequence) => formatPosition({ partition, sequence }));
  const message = `the log ends at ${end}, before ${beyond}, up to which it was followed: it was restored`;
  throw new Fault('OUT_OF_RANGE', `${message}; begin again from a position that it has`);
}

/** Yields what is passed on while each continues the one before. Ends when the log has to be read. */
async function* takeWhileLinked(
  buffer: StretchBuffer,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogStretch, void, undefined> {
  let at = after;
  let isDue = false;
  const timer = setTimeout(() => {
    isDue = true;
    buffer.wake();
  }, CHECK_MS);
  try {
    while (!signal.aborted && !isDue) {
      const next = await buffer.next();
      if (!next || next.after > at) return;
      if (next.through <= at) continue;
      yield startingAfter(next, at);
      at = next.through;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What a stretch has after a sequence. */
function startingAfter({ after, events, through }: NewStretch, at: number): LogStretch {
  if (after === at) return { events, through };
  return { events: events.filter(({ position }) => position.sequence > at), through };
}

/** Memory of a stretch beside its events: one without any, such as a heartbeat, takes some too. */
const STRETCH_BYTES = 200;

/** What waits for a slow caller, up to a number of bytes, or one stretch that has more. */
class StretchBuffer {
  readonly #maxBytes: number;
  readonly #arrived = new Bell();
  #waiting: { readonly stretch: NewStretch; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #hasDropped = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(stretch: NewStretch, eventBytes: number): void {
    const bytes = STRETCH_BYTES + eventBytes;
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes > this.#maxBytes) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#hasDropped = true;
    } else {
      this.#waiting.push({ stretch, bytes });
      this.#waitingBytes += bytes;
    }
    this.#arrived.ring();
  }

  /** The next stretch; undefined if some were dropped, or after `wake`. */
  async next(): Promise<NewStretch | undefined> {
    if (this.#waiting.length === 0 && !this.#hasDropped) await this.#arrived.rung();
    this.#hasDropped = false;
    const first = this.#waiting.shift();
    this.#waitingBytes -= first?.bytes ?? 0;
    return first?.stretch;
  }

  wake(): void {
    this.#arrived.ring();
  }
}
