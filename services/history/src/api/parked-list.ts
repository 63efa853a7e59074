import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { Askers } from '../views/askers.ts';
import type { Parked } from '../views/checkpoints.ts';
import type { Views } from '../views/views.ts';

/**
 * How often a list is made, in milliseconds. Each stores the views, which else happens every 15 s, and reads all that is
 * parked.
 */
export const LIST_EVERY_MS = 5_000;

interface ParkedListDeps {
  readonly partitionCount: number;
  readonly views: Pick<Views, 'checkpoints' | 'flushNow'>;
}

/** A parked event, with what lists are sorted by. */
export interface ParkedEntry {
  readonly key: string;
  readonly parked: Parked;
}

/** All parked events, by projection and vehicle. */
export interface ParkedList {
  /**
   * A list that is made after the call, so that it has what was parked before, as far as this process can store it: one every
   * {@link LIST_EVERY_MS}, for all who ask before it begins. Throws the reason of the signal, or what storing and reading threw.
   */
  next(signal: AbortSignal): Promise<readonly ParkedEntry[]>;
  /** The last list if it is not older than {@link LIST_EVERY_MS}, for the further pages of it; else the next one. */
  recent(signal: AbortSignal): Promise<readonly ParkedEntry[]>;
}

/** A list that has not begun. */
interface Waiting {
  readonly askers: Askers;
  readonly entries: Promise<readonly ParkedEntry[]>;
}

export function createParkedList({ partitionCount, views }: ParkedListDeps): ParkedList {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  let waiting: Waiting | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let mayBeginAtMs = 0;
  let made: readonly ParkedEntry[] | undefined;

  /** Keeps a list for its further pages. It may be long. */
  function keep(entries: readonly ParkedEntry[]): void {
    made = entries;
    const drop = () => {
      if (made === entries) made = undefined;
    };
    setTimeout(drop, LIST_EVERY_MS).unref();
  }

  async function make(former: Promise<unknown>, askers: Askers): Promise<readonly ParkedEntry[]> {
    // Those who asked for the former one learn why it failed.
    await Promise.allSettled([former]);
    await pause(Math.max(0, mayBeginAtMs - performance.now()));
    waiting = undefined;
    askers.throwIfAborted();
    mayBeginAtMs = performance.now() + LIST_EVERY_MS;
    // Parked events are stored with the checkpoint, so the partitions that this process owns are flushed first.
    await Promise.all(partitions.map(flush));
    askers.throwIfAborted();
    const parked = (await Promise.all(partitions.map(parkedIn))).flat();
    const entries = parked.map((each) => ({ key: keyOf(each), parked: each }));
    entries.sort((a, b) => compareText(a.key, b.key));
    keep(entries);
    return entries;
  }

  async function flush(partition: number): Promise<void> {
    try {
      await views.flushNow(partition);
    } catch (error) {
      // Another owner has flushed, or too many events are parked for a checkpoint. Then the list has what is stored.
      if (!isFault(error, 'VERSION_CONFLICT', 'RULE_VIOLATED')) throw error;
    }
  }

  async function parkedIn(partition: number): Promise<readonly Parked[]> {
    const checkpoints = await views.checkpoints.read(partition);
    return [...checkpoints.values()].flatMap(({ parked }) => parked);
  }

  function begin(signal: AbortSignal): Waiting {
    const askers = new Askers(signal);
    const entries = make(last, askers);
    last = entries;
    return { askers, entries };
  }

  async function next(signal: AbortSignal): Promise<readonly ParkedEntry[]> {
    signal.throwIfAborted();
    if (waiting) waiting.askers.join(signal);
    else waiting = begin(signal);
    return await waiting.entries;
  }

  return {
    next,
    async recent(signal) {
      return made ?? (await next(signal));
    },
  };
}

const keyOf = ({ projection, subject }: Parked): string => `${projection}\n${subject}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
