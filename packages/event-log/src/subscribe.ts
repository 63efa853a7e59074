import { backoffMs } from '@odograph/kernel/backoff';
import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import type { Broadcast } from './broadcast.ts';
import type { LogReader, LogStretch, StoredEvent } from './log-reader.ts';

/** Calls back with each broadcast of a partition, until the returned function is called. */
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
  /** Bytes of broadcasts kept for a slow caller; beyond them it reads the log again. */
  readonly maxBufferedBytes?: number;
  /** Told of a failing read before it is tried again. */
  readonly onTrouble?: (error: unknown) => void;
}

const DEFAULT_MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const BACKOFF = { firstMs: 50, maxMs: 2_000 };

/**
 * Follows a partition's log from a sequence on, for ever: every event once, in order, as stretches without holes.
 *
 * It reads the log up to the watermark, then goes over to the broadcasts; behind, at a break in their links, or when a
 * watermark says that one was lost, it reads the log again. A caller cannot tell where one ends and the other begins.
 * Ends when the signal is aborted. A failing log is waited for.
 */
export async function* subscribe(options: SubscribeOptions): AsyncGenerator<LogStretch, void, undefined> {
  const { reader, partition, signal } = options;
  const buffer = createBroadcastBuffer(options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES);
  const stopListening = options.listen(partition, buffer.push);
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
      } catch (error) {
        options.onTrouble?.(error);
        await pause(backoffMs(failuresInARow, BACKOFF), signal);
        failuresInARow += 1;
        continue;
      }
      for await (const stretch of takeWhileLinked(buffer, at, signal)) {
        yield stretch;
        at = stretch.through;
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

/** Hands on broadcasts as long as each follows from the one before; ends when the log has to be read. */
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

/** The owner gives a sign of life every second; after this long without one, the log is asked how far it has come. */
const SILENCE_MS = 5_000;

async function nextWithin(buffer: BroadcastBuffer, ms: number): Promise<Broadcast | undefined> {
  const timer = setTimeout(() => buffer.wake(), ms);
  try {
    return await buffer.next();
  } finally {
    clearTimeout(timer);
  }
}

/** What a broadcast adds to what is known up to a sequence: its envelopes as far as their links hold. */
function continueWith(broadcast: Broadcast, after: number): LogStretch {
  const events: StoredEvent[] = [];
  let at = after;
  for (const envelope of broadcast.envelopes) {
    if (envelope.sequence <= at) continue;
    if (envelope.previousSequence > at) break;
    events.push(...envelope.events);
    at = envelope.sequence;
  }
  return { events, through: at };
}

interface BroadcastBuffer {
  push(broadcast: Broadcast, bytes: number): void;
  /** The next broadcast; undefined when some were lost to the bound, or when woken. */
  next(): Promise<Broadcast | undefined>;
  wake(): void;
}

function createBroadcastBuffer(maxBytes: number): BroadcastBuffer {
  let waiting: { broadcast: Broadcast; bytes: number }[] = [];
  let waitingBytes = 0;
  let hasLost = false;
  const bell = new Bell();

  return {
    push(broadcast, bytes) {
      if (waitingBytes + bytes > maxBytes) {
        waiting = [];
        waitingBytes = 0;
        hasLost = true;
      } else {
        waiting.push({ broadcast, bytes });
        waitingBytes += bytes;
      }
      bell.ring();
    },
    async next() {
      if (waiting.length === 0 && !hasLost) await bell.rung();
      hasLost = false;
      const first = waiting.shift();
      waitingBytes -= first?.bytes ?? 0;
      return first?.broadcast;
    },
    wake: () => bell.ring(),
  };
}
