import { backoffMs } from '@odograph/kernel/backoff';
import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import type { Broadcast } from './broadcast.ts';
import type { LogReader, LogStretch, StoredEvent } from './log-reader.ts';

/**
 * Calls back with each broadcast of a partition, and the bytes that it keeps in memory, until the returned function is called.
 * It may lose some.
 */
export type LogListener = (
  partition: number,
  onBroadcast: (broadcast: Broadcast, bytes: number) => void,
) => () => void;

interface SubscribeOptions {
  readonly reader: LogReader;
  readonly listen: LogListener;
  readonly partition: number;
  /** The sequence after which to begin; 0: at the start. */
  readonly after: number;
  readonly signal: AbortSignal;
  /** Bytes of broadcasts that wait for a slow caller. Above that, they are dropped and the log is read instead. */
  readonly maxBufferedBytes?: number;
  /** Called with the error of a read, or of a broadcast that cannot be opened, before the log is read again. */
  readonly onTrouble?: (error: unknown) => void;
}

const DEFAULT_MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const BACKOFF = { firstMs: 50, maxMs: 2_000 };
/** The owner broadcasts at least once a second. After this long without a broadcast, the log is asked for its watermark. */
const SILENCE_MS = 5_000;

/**
 * Follows a partition's log from a sequence until the signal is aborted: every event once, in order, without gaps.
 *
 * It reads the log up to the watermark and then takes the broadcasts. It reads the log again when it falls behind, when a
 * broadcast is missing or cannot be opened, and after a failed read.
 */
export async function* subscribe(options: SubscribeOptions): AsyncGenerator<LogStretch, void, undefined> {
  const { reader, partition, signal } = options;
  const buffer = new BroadcastBuffer(options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES);
  const stopListening = options.listen(partition, (broadcast, bytes) => buffer.push(broadcast, bytes));
  const wakeUp = () => buffer.wake();
  signal.addEventListener('abort', wakeUp);
  let at = options.after;
  let failuresInARow = 0;
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
        options.onTrouble?.(error);
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
  const watermark = await reader.watermark(partition);
  while (at < watermark && !signal.aborted) {
    const stretch = await reader.read(partition, at, watermark);
    yield stretch;
    at = stretch.through;
  }
}

/** Yields from broadcasts while each continues the one before. Ends when the log has to be read. */
async function* takeWhileLinked(
  buffer: BroadcastBuffer,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogStretch, void, undefined> {
  let at = after;
  while (!signal.aborted) {
    const broadcast = await nextWithin(buffer, SILENCE_MS);
    if (!broadcast) return;
    const stretch = continueWith(broadcast, at);
    if (stretch.through > at) {
      yield stretch;
      at = stretch.through;
    }
    if (broadcast.watermark > at) return;
  }
}

async function nextWithin(buffer: BroadcastBuffer, ms: number): Promise<Broadcast | undefined> {
  const timer = setTimeout(() => buffer.wake(), ms);
  try {
    return await buffer.next();
  } finally {
    clearTimeout(timer);
  }
}

/** What a broadcast adds after a sequence: its envelopes up to the first one whose predecessor is missing. */
function continueWith(broadcast: Broadcast, after: number): LogStretch {
  const events: StoredEvent[] = [];
  let at = after;
  for (const envelope of broadcast.envelopes) {
    if (envelope.sequence <= at) continue;
    // Smaller if this reader began after the envelope that it follows.
    if (envelope.previousSequence > at) break;
    events.push(...envelope.events);
    at = envelope.sequence;
  }
  return { events, through: at };
}

/** Broadcasts that wait for a slow caller, up to a number of bytes, or one that has more. */
class BroadcastBuffer {
  readonly #maxBytes: number;
  readonly #arrived = new Bell();
  #waiting: { readonly broadcast: Broadcast; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #hasDropped = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(broadcast: Broadcast, bytes: number): void {
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes > this.#maxBytes) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#hasDropped = true;
    } else {
      this.#waiting.push({ broadcast, bytes });
      this.#waitingBytes += bytes;
    }
    this.#arrived.ring();
  }

  /** The next broadcast; undefined if some were dropped, or after `wake`. */
  async next(): Promise<Broadcast | undefined> {
    if (this.#waiting.length === 0 && !this.#hasDropped) await this.#arrived.rung();
    this.#hasDropped = false;
    const first = this.#waiting.shift();
    this.#waitingBytes -= first?.bytes ?? 0;
    return first?.broadcast;
  }

  wake(): void {
    this.#arrived.ring();
  }
}
