import { EncodedEvent } from '@odograph/event-log/encoded-event';
import type { LogStretch, StoredEvent } from '@odograph/event-log/log-reader';
import { SortedTexts } from './sorted-texts.ts';

/** The newest events of a partition's log, in memory: those that the stored read models may not have yet. */
export interface Tail {
  readonly partition: number;
  append(stretch: LogStretch): void;
  /**
   * A subject's events above a sequence, up to another one if that is given, in order. They stay encoded, and later appends
   * and trims do not change what it gives.
   */
  eventsAfter(subject: string, sequence: number, through?: number): readonly StoredEvent[];
  /** The first and the last of a subject's events. */
  ends(subject: string): readonly StoredEvent[];
  /** The sequence of a subject's last event; 0 if the tail has none. */
  lastSequence(subject: string): number;
  /** All subjects with events in the tail. */
  subjects(): readonly string[];
  /** Sorted subjects with events in the tail: the same array until the set changes. */
  sortedSubjects(): readonly string[];
  floor(): number;
  head(): number;
  bytes(): number;
  /** Drops the events that the stored read models have. */
  trimThrough(sequence: number): void;
  /** Drops all events, and begins again after a sequence. */
  restart(after: number): void;
  /** Resolves when the head reaches a sequence or the signal is aborted. */
  reach(sequence: number, signal: AbortSignal): Promise<void>;
}

/** Memory of an event in addition to its bytes. */
const EVENT_OVERHEAD_BYTES = 100;

export function createTail(partition: number, after: number): Tail {
  const bySubject = new Map<string, EncodedEvent[]>();
  const waiters = createWaiters();
  const sorted = new SortedTexts();
  let floor = after;
  let head = after;
  let bytes = 0;

  function trimSubject(subject: string, events: readonly EncodedEvent[], through: number): void {
    let dropped = 0;
    for (; dropped < events.length; dropped += 1) {
      const event = events[dropped] as EncodedEvent;
      if (event.sequence > through) break;
      bytes -= sizeOf(event);
    }
    if (dropped === 0) return;
    if (dropped < events.length) {
      bySubject.set(subject, events.slice(dropped));
    } else {
      bySubject.delete(subject);
    }
  }

  return {
    partition,

    append({ events, through }) {
      for (const stored of events) {
        const event = EncodedEvent.from(stored);
        const { subject } = event;
        const known = bySubject.get(subject);
        if (known) {
          event.shareSubject(known[0] as EncodedEvent);
          known.push(event);
        } else {
          bySubject.set(subject, [event]);
          sorted.add(subject);
        }
        bytes += sizeOf(event);
      }
      head = through;
      waiters.wake(head);
    },

    eventsAfter(subject, after, through = Number.POSITIVE_INFINITY) {
      const events = bySubject.get(subject) ?? [];
      return events.filter(({ sequence }) => sequence > after && sequence <= through);
    },

    ends(subject) {
      const events = bySubject.get(subject) ?? [];
      return events.length > 1 ? [events[0] as EncodedEvent, events.at(-1) as EncodedEvent] : [...events];
    },

    lastSequence: (subject) => bySubject.get(subject)?.at(-1)?.sequence ?? 0,

    subjects: () => [...bySubject.keys()],

    sortedSubjects: () => sorted.all(),

    floor: () => floor,
    head: () => head,
    bytes: () => bytes,

    trimThrough(sequence) {
      if (sequence <= floor) return;
      for (const [subject, events] of bySubject) trimSubject(subject, events, sequence);
      if (bySubject.size < sorted.size) sorted.keep((subject) => bySubject.has(subject));
      floor = sequence;
    },

    restart(after) {
      bySubject.clear();
      sorted.keep(() => false);
      [floor, head, bytes] = [after, after, 0];
    },

    async reach(sequence, signal) {
      if (head < sequence && !signal.aborted) await waiters.wait(sequence, signal);
    },
  };
}

function createWaiters() {
  const waiting = new Set<{ readonly sequence: number; readonly wake: () => void }>();
  return {
    wake(head: number): void {
      for (const waiter of waiting) if (waiter.sequence <= head) waiter.wake();
    },
    wait: (sequence: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const waiter = { sequence, wake: () => finish() };
        const finish = () => {
          waiting.delete(waiter);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        waiting.add(waiter);
        signal.addEventListener('abort', finish, { once: true });
      }),
  };
}

function sizeOf({ length }: EncodedEvent): number {
  return EVENT_OVERHEAD_BYTES + length;
}
