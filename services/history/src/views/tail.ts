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

/** What an event costs in memory beside its bytes: the decoded head and the bookkeeping. */
const EVENT_OVERHEAD_BYTES = 400;

export function createTail(partition: number, after: number): Tail {
  const bySubject = new Map<string, StoredEvent[]>();
  const waiting = new Set<{ readonly sequence: number; readonly wake: () => void }>();
  let sorted: readonly string[] | undefined;
  let floor = after;
  let head = after;
  let bytes = 0;

  function trimSubject(subject: string, events: readonly StoredEvent[], through: number): void {
    const kept = events.filter(({ position }) => position.sequence > through);
    if (kept.length === events.length) return;
    for (const stored of events) if (stored.position.sequence <= through) bytes -= sizeOf(stored);
    if (kept.length > 0) {
      bySubject.set(subject, kept);
    } else {
      bySubject.delete(subject);
      sorted = undefined;
    }
  }

  return {
    partition,

    append({ events, through }) {
      for (const stored of events) {
        const { subject } = stored.event;
        const known = bySubject.get(subject);
        if (known) known.push(stored);
        else {
          bySubject.set(subject, [stored]);
          sorted = undefined;
        }
        bytes += sizeOf(stored);
      }
      head = through;
      for (const waiter of waiting) if (waiter.sequence <= head) waiter.wake();
    },

    view(subject) {
      // A copy, since the array grows while the query reads the stored documents.
      return { floor, head, events: bySubject.get(subject)?.slice() ?? [] };
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

function sizeOf({ event }: StoredEvent): number {
  return EVENT_OVERHEAD_BYTES + event.payload.length + event.subject.length + event.reportId.length;
}
