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
  /**
   * Awaited before a stretch is in memory; disposed of when the caller asks for the next one, or leaves. It resolves in the
   * end although the signal is aborted. Without it there is always room.
   */
  readonly room?: () => Promise<Disposable>;
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
 * when something is missing, every five seconds, and after a failed read. If it has nothing new after five seconds, it gives a
 * stretch without events, by which the caller knows that.
 *
 * @throws {Fault} OUT_OF_RANGE if the log ends below what was followed: it was restored.
 */
export async function* subscribe(options: SubscribeOptions): AsyncGenerator<LogStretch, void, undefined> {
  const { partition, signal } = options;
  const buffer = new StretchBuffer(options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES);
  const stopListening = options.listen(partition, (stretch, bytes) => buffer.push(stretch, bytes));
  const wakeUp = () => buffer.wake();
  signal.addEventListener('abort', wakeUp);
  const following: Following = { ...options, buffer, at: options.after };
  const retries = countRetries(options);
  let isCheck = false;
  try {
    while (!signal.aborted) {
      try {
        const watermark = await watermarkFor(following);
        if (isCheck && watermark === following.at) yield { events: [], through: watermark };
        while (following.at < watermark && !signal.aborted) {
          yield* readNext(following, watermark);
          retries.succeeded();
        }
        retries.succeeded();
        using check = dueAfter(CHECK_MS, wakeUp);
        let isLinked = true;
        while (isLinked && !signal.aborted && !check.isDue) isLinked = yield* takeNext(following);
        isCheck = check.isDue;
      } catch (error) {
        await retries.failed(error);
      }
    }
  } finally {
    signal.removeEventListener('abort', wakeUp);
    stopListening();
  }
}

/** Waits after a failed read, longer each time. Throws what ends the following. */
function countRetries({ onTrouble, signal }: Pick<SubscribeOptions, 'onTrouble' | 'signal'>) {
  let failuresInARow = 0;
  let failingSinceMs = 0;
  return {
    async failed(error: unknown): Promise<void> {
      if (isFault(error, 'OUT_OF_RANGE')) throw error;
      const nowMs = performance.now();
      if (failuresInARow === 0) failingSinceMs = nowMs;
      onTrouble?.(error, nowMs - failingSinceMs);
      await pause(backoffMs(failuresInARow, BACKOFF), signal);
      failuresInARow += 1;
    },
    succeeded(): void {
      failuresInARow = 0;
    },
  };
}

interface Following extends Pick<SubscribeOptions, 'reader' | 'partition' | 'signal' | 'room'> {
  readonly buffer: StretchBuffer;
  /** The sequence up to which the caller has everything. */
  at: number;
}

// A generator that waits keeps what it yielded last in memory. So each stretch has one of its own, which ends.

/** The next stretch of the log. */
async function* readNext(
  following: Following,
  watermark: number,
): AsyncGenerator<LogStretch, void, undefined> {
  const { reader, partition, signal, room, at } = following;
  using _room = await room?.();
  if (signal.aborted) return;
  const stretch = await reader.read(partition, at, watermark);
  yield stretch;
  following.at = stretch.through;
}

/** The next stretch that is passed on. Gives false if the log has to be read. */
async function* takeNext(following: Following): AsyncGenerator<LogStretch, boolean, undefined> {
  const { buffer, room, at } = following;
  await buffer.arrived();
  using _room = await room?.();
  const next = buffer.take();
  if (!next || next.after > at) return false;
  if (next.through <= at) return true;
  yield startingAfter(next, at);
  following.at = next.through;
  return true;
}

/** Becomes due after a time, and calls back. */
function dueAfter(ms: number, onDue: () => void): Disposable & { readonly isDue: boolean } {
  let isDue = false;
  const timer = setTimeout(() => {
    isDue = true;
    onDue();
  }, ms);
  return {
    get isDue() {
      return isDue;
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** The watermark. Throws a Fault OUT_OF_RANGE if it stays below a sequence up to which the log was followed. */
async function watermarkFor({ reader, partition, at: followed, signal }: Following): Promise<number> {
  const first = await reader.watermark(partition);
  if (first >= followed) return first;
  await pause(CONFIRM_MS, signal);
  const watermark = await reader.watermark(partition);
  if (watermark >= followed || signal.aborted) return watermark;
  const [end, beyond] = [watermark, followed].map((sequence) => formatPosition({ partition, sequence }));
  const message = `the log ends at ${end}, before ${beyond}, up to which it was followed: it was restored`;
  throw new Fault('OUT_OF_RANGE', `${message}; begin again from a position that it has`);
}

/** What a stretch has after a sequence. */
function startingAfter({ after, events, through }: NewStretch, at: number): LogStretch {
  if (after === at) return { events, through };
  return { events: events.filter(({ position }) => position.sequence > at), through };
}

/** Memory of a stretch beside its events: one without any, such as a heartbeat, takes some too. */
const STRETCH_BYTES = 200;

/** A caller that is behind takes much at once, so that it catches up. */
const MAX_JOINED_BYTES = 256 * 1024;

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

  /** Resolves when there is something to take, or after `wake`. */
  async arrived(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#hasDropped) await this.#arrived.rung();
  }

  /** What waits, joined up to a number of bytes, or one stretch that has more; undefined if some were dropped, or if there is none. */
  take(): NewStretch | undefined {
    this.#hasDropped = false;
    const [first, ...others] = this.#waiting;
    if (!first) return undefined;
    const joined = [first.stretch];
    let { bytes } = first;
    let { through } = first.stretch;
    for (const { stretch, bytes: more } of others) {
      if (stretch.after !== through || bytes + more > MAX_JOINED_BYTES) break;
      joined.push(stretch);
      bytes += more;
      through = stretch.through;
    }
    this.#waiting.splice(0, joined.length);
    this.#waitingBytes -= bytes;
    return { after: first.stretch.after, events: joined.flatMap(({ events }) => events), through };
  }

  wake(): void {
    this.#arrived.ring();
  }
}
