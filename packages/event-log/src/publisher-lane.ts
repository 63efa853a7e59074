import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient, PubAck } from '@nats-io/jetstream';
import { Fault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_EVENTS } from './envelope.ts';
import { streamName, streamSubject } from './names.ts';
import { fullStream, isStreamFull, mayBeStored } from './publish-refusal.ts';
import type { PublisherOptions } from './publisher.ts';
import type { StreamWatch } from './stream-watch.ts';

/** What a lane tells of its work, for metrics. */
export interface LaneObserver {
  /** An envelope is on disk. */
  onStored?(partition: number, envelope: { events: number; bytes: number; durationMs: number }): void;
  /** An attempt failed; the same bytes will be sent again. */
  onRetry?(partition: number, error: unknown): void;
}

/** The encoded events of one report. */
export interface Group {
  readonly entries: readonly Uint8Array[];
  readonly bytes: number;
  readonly deadlineAtMs: number;
}

interface Waiting extends Group {
  isSettled: boolean;
  resolve(position: EventPosition): void;
  reject(fault: Fault): void;
}

/** One partition's way to disk: a queue, and one envelope in flight. */
export interface Lane {
  append(group: Group): Promise<EventPosition>;
  queuedBytes(): number;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
}

export interface LaneParts {
  readonly partition: number;
  readonly jetstream: JetStreamClient;
  readonly watch: StreamWatch;
  readonly settings: PublisherOptions;
  readonly observer?: LaneObserver;
}

/** How often deadlines are looked at while something waits, in milliseconds. */
const DEADLINE_SWEEP_MS = 50;
/** A caller is told this long before its deadline, so that the answer still reaches it. */
const DEADLINE_MARGIN_MS = 100;

export function createLane({ partition, jetstream, watch, settings, observer }: LaneParts): Lane {
  let queue: Waiting[] = [];
  let bytesWaiting = 0;
  let inFlight: readonly Waiting[] = [];
  let running: Promise<void> | undefined;
  let sweep: NodeJS.Timeout | undefined;

  function append(group: Group): Promise<EventPosition> {
    if (bytesWaiting + group.bytes > settings.maxQueuedBytes) {
      return Promise.reject(
        new Fault('OVERLOADED', `partition ${partition} has ${bytesWaiting} bytes waiting for disk`, {
          retryAfterMs: settings.retryMaxMs,
          limit: `${settings.maxQueuedBytes} bytes waiting a partition`,
        }),
      );
    }
    bytesWaiting += group.bytes;
    return new Promise((resolve, reject) => {
      queue.push({ ...group, isSettled: false, resolve, reject });
      sweep ??= setInterval(rejectLate, DEADLINE_SWEEP_MS);
      running ??= run();
    });
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      if (!hasFullEnvelope(queue)) await delay(settings.lingerMs);
      inFlight = takeEnvelope();
      if (inFlight.length > 0) await store(inFlight);
      inFlight = [];
    }
    clearInterval(sweep);
    sweep = undefined;
    running = undefined;
  }

  function takeEnvelope(): Waiting[] {
    const count = envelopeLength(queue);
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    for (const { bytes } of taken) bytesWaiting -= bytes;
    return taken;
  }

  /** Sends one envelope until it is on disk, or until it is known not to be and nobody waits for it any more. */
  async function store(envelope: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.concat(envelope.flatMap((group) => group.entries));
    const messageId = randomUUID();
    const startedAt = performance.now();
    let isInDoubt = false;
    for (let waitMs = settings.retryMinMs; ; waitMs = Math.min(waitMs * 2, settings.retryMaxMs)) {
      if (!isInDoubt && envelope.every((group) => group.isSettled)) return;
      try {
        watch.assertOpen(partition);
        const ack = await jetstream.publish(streamSubject(partition), bytes, {
          msgID: messageId,
          expect: { streamName: streamName(partition) },
          timeout: settings.ackTimeoutMs,
          retries: 1,
        });
        watch.noteStored(partition, ack.seq);
        observer?.onStored?.(partition, {
          events: envelope.reduce((sum, group) => sum + group.entries.length, 0),
          bytes: bytes.length,
          durationMs: performance.now() - startedAt,
        });
        return resolveAll(envelope, ack);
      } catch (error) {
        if (isStreamFull(error) && !isInDoubt) return rejectAll(envelope, fullStream(partition, error));
        isInDoubt ||= mayBeStored(error);
        observer?.onRetry?.(partition, error);
        await delay(waitMs);
      }
    }
  }

  function resolveAll(envelope: readonly Waiting[], { seq }: PubAck): void {
    let index = 0;
    for (const group of envelope) {
      if (!group.isSettled) group.resolve({ partition, sequence: seq, index });
      group.isSettled = true;
      index += group.entries.length;
    }
  }

  function rejectAll(groups: readonly Waiting[], fault: Fault): void {
    for (const group of groups) {
      if (!group.isSettled) group.reject(fault);
      group.isSettled = true;
    }
  }

  /** Groups still in the queue are taken out of it; one in flight may reach the disk yet, under its report id. */
  function rejectLate(): void {
    const now = Date.now() + DEADLINE_MARGIN_MS;
    const fault = () =>
      new Fault('UNAVAILABLE', 'not confirmed on disk in time; send it again under the same report_id', {
        retryAfterMs: settings.retryMaxMs,
      });
    const late = queue.filter((group) => group.deadlineAtMs <= now);
    if (late.length > 0) {
      queue = queue.filter((group) => group.deadlineAtMs > now);
      for (const { bytes } of late) bytesWaiting -= bytes;
      rejectAll(late, fault());
    }
    const lateInFlight = inFlight.filter((group) => !group.isSettled && group.deadlineAtMs <= now);
    if (lateInFlight.length > 0) rejectAll(lateInFlight, fault());
  }

  return {
    append,
    queuedBytes: () => bytesWaiting,
    async idle() {
      while (running) await running;
    },
  };
}

/** How many groups from the front fit into one envelope. */
function envelopeLength(queue: readonly Group[]): number {
  let [events, bytes, count] = [0, 0, 0];
  for (const group of queue) {
    events += group.entries.length;
    bytes += group.bytes;
    if (events > MAX_ENVELOPE_EVENTS || bytes > MAX_ENVELOPE_BYTES) break;
    count += 1;
  }
  return count;
}

function hasFullEnvelope(queue: readonly Group[]): boolean {
  return envelopeLength(queue) < queue.length;
}
