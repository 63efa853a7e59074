import { EncodedEvent } from '@odograph/event-log/encoded-event';
import type { LogStretch, StoredEvent } from '@odograph/event-log/log-reader';

/** What a query takes of the tail, at one instant: later arrivals and trims do not change it. */
export interface TailView {
  /** The tail holds every event above this sequence … */
  readonly floor: number;
  /** … up to and including this one. */
  readonly head: number;
  /** The subject's events in it, in order. */
  readonly events: readonly StoredEvent[];
}

/** The newest stretch of a partition's log, in memory: what the stored read models may not have yet. */
export interface Tail {
  readonly partition: number;
  append(stretch: LogStretch): void;
  view(subject: string): TailView;
  /** The first and the last of a subject's events here. */
  ends(subject: string): readonly StoredEvent[];
  /** All subjects that have events here. */
  subjects(): readonly string[];
  /** All subjects that have events here, sorted; the same array until one comes or goes. */
  sortedSubjects(): readonly string[];
  floor(): number;
  head(): number;
  bytes(): number;
  /** Forgets what the stored read models have. */
  trimThrough(sequence: number): void;
  /** Resolves when the head has reached a sequence, or when the signal is aborted. */
  reach(sequence: number, signal: AbortSignal): Promise<void>;
}

/** What an event costs in memory beside its bytes. */
const EVENT_OVERHEAD_BYTES = 100;

export function createTail(partition: number, after: number): Tail {
  const bySubject = new Map<string, EncodedEvent[]>();
  const waiting = new Set<{ readonly sequence: number; readonly wake: () => void }>();
  let sorted: readonly string[] | undefined;
  let floor = after;
  let head = after;
  let bytes = 0;

  function trimSubject(subject: string, events: readonly EncodedEvent[], through: number): void {
    let gone = 0;
    for (; gone < events.length; gone += 1) {
      const event = events[gone] as EncodedEvent;
      if (event.sequence > through) break;
      bytes -= sizeOf(event);
    }
    if (gone === 0) return;
    if (gone < events.length) {
      bySubject.set(subject, events.slice(gone));
    } else {
      bySubject.delete(subject);
      sorted = undefined;
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
          sorted = undefined;
        }
        bytes += sizeOf(event);
      }
      head = through;
      for (const waiter of waiting) if (waiter.sequence <= head) waiter.wake();
    },

    view(subject) {
      const events = bySubject.get(subject)?.map(decoded) ?? [];
      return { floor, head, events };
    },

    ends(subject) {
      const events = bySubject.get(subject) ?? [];
      const ends = events.length > 1 ? [events[0], events.at(-1)] : events;
      return ends.map((event) => decoded(event as EncodedEvent));
    },

    subjects: () => [...bySubject.keys()],

    sortedSubjects() {
      sorted ??= [...bySubject.keys()].sort();
      return sorted;
    },

    floor: () => floor,
    head: () => head,
    bytes: () => bytes,

    trimThrough(sequence) {
      if (sequence <= floor) return;
      for (const [subject, events] of bySubject) trimSubject(subject, events, sequence);
      floor = sequence;
    },

    async reach(sequence, signal) {
      if (head >= sequence || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const waiter = { sequence, wake: () => finish() };
        const finish = () => {
          waiting.delete(waiter);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        waiting.add(waiter);
        signal.addEventListener('abort', finish, { once: true });
      });
    },
  };
}

/** Decoded once: who asks reads it more than once, and a flush knows it again by its identity. */
function decoded({ position, event }: EncodedEvent): StoredEvent {
  return { position, event };
}

function sizeOf({ length }: EncodedEvent): number {
  return EVENT_OVERHEAD_BYTES + length;
}
