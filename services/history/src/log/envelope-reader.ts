import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import { decodeEnvelope, type EnvelopeEntry, MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { streamName } from '@odograph/event-log/nats-subjects';
import { Bell } from '@odograph/kernel/bell';
import { Fault, isFault } from '@odograph/kernel/fault';
import { undecodableBytes, undecodableEvent } from './substitute-events.ts';

/** An envelope on its way to the log. */
export interface ReadEnvelope {
  readonly sequence: number;
  /** When JetStream stored it: Unix time in milliseconds. With the sequence it identifies the envelope, also after a restore. */
  readonly storedAtMs: number;
  readonly events: readonly StoredEvent[];
  readonly bytes: number;
}

/** Reads a partition's envelopes in order, with a bounded read-ahead. */
export interface EnvelopeReader {
  /**
   * The next envelopes in order, up to the size of a batch. Waits for at least one; empty after `close`.
   * Throws a Fault UNAVAILABLE if the stream cannot be read any more.
   */
  nextBatch(): Promise<readonly ReadEnvelope[]>;
  close(): Promise<void>;
}

const MAX_BATCH_EVENTS = 2_000;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Bytes read ahead while a batch is written. They are decoded late, because decoded events take several times the memory. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;
/**
 * Envelopes requested from JetStream at a time, at most 16 MiB. A limit in bytes made the client hang for 30 s when a
 * large envelope did not fit into the rest of an earlier request.
 */
const FETCH_ENVELOPES = 32;

/** Uses an ordered consumer: it has no gaps or duplicates after a kill or a takeover, and needs no acknowledgements. */
export async function openEnvelopeReader(
  jetstream: JetStreamClient,
  partition: number,
  afterSequence: number,
): Promise<EnvelopeReader> {
  const consumer = await jetstream.consumers.get(streamName(partition), {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: afterSequence + 1,
  });
  const messages = await consumer.consume({ max_messages: FETCH_ENVELOPES });
  return readAhead(messages, partition, () => consumer.delete());
}

function readAhead(
  messages: ConsumerMessages,
  partition: number,
  deleteConsumer: () => Promise<boolean>,
): EnvelopeReader {
  const queue: Arrived[] = [];
  let ahead = 0;
  let ended: unknown;
  let isEnded = false;
  let isClosed = false;
  const arrived = new Bell();
  const removed = new Bell();

  async function fill(): Promise<void> {
    for await (const message of messages) {
      queue.push({ message, envelope: undefined });
      ahead += message.data.length;
      arrived.ring();
      while (ahead > MAX_AHEAD_BYTES && !isClosed) await removed.rung();
    }
  }

  void fill()
    .catch((error: unknown) => {
      ended = error;
    })
    .finally(() => {
      isEnded = true;
      arrived.ring();
    });

  return {
    async nextBatch() {
      while (queue.length === 0) {
        if (isClosed) return [];
        if (isEnded) throw unreadable(partition, ended);
        await arrived.rung();
      }
      const batch = shiftBatch(queue, partition);
      for (const { bytes } of batch) ahead -= bytes;
      removed.ring();
      return batch;
    },
    async close() {
      isClosed = true;
      queue.length = 0;
      ahead = 0;
      removed.ring();
      arrived.ring();
      await messages.close();
      // If this fails, the server deletes the idle consumer by itself.
      await Promise.allSettled([deleteConsumer()]);
    },
  };
}

function unreadable(partition: number, cause: unknown): Fault {
  return new Fault('UNAVAILABLE', `the stream of partition ${partition} cannot be read`, { cause });
}

interface Arrived {
  readonly message: JsMsg;
  /** Undefined until it is decoded. */
  envelope: ReadEnvelope | undefined;
}

/** Removes the envelopes of one batch from the front of the queue, at least one. */
function shiftBatch(queue: Arrived[], partition: number): readonly ReadEnvelope[] {
  const batch: ReadEnvelope[] = [];
  let [events, bytes] = [0, 0];
  for (const arrived of queue) {
    arrived.envelope ??= readEnvelope(arrived.message, partition);
    events += arrived.envelope.events.length;
    bytes += arrived.envelope.bytes;
    if (batch.length > 0 && (events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES)) break;
    batch.push(arrived.envelope);
  }
  queue.splice(0, batch.length);
  return batch;
}

/** The events of a message at their positions. Bytes that cannot be decoded become an UndecodableReceived event. */
export function readEnvelope(
  message: Pick<JsMsg, 'seq' | 'data' | 'timestampNanos'>,
  partition: number,
): ReadEnvelope {
  const storedAtMs = storedAtMsOf(message);
  const position = (index: number) => ({ partition, sequence: message.seq, index });
  const bytes = copyOf(message.data);
  const envelope = { partition, sequence: message.seq, buffer: bytes.buffer };
  let events: readonly StoredEvent[];
  try {
    events = eventsOf(bytes, (entry, index) => {
      const { event } = entry;
      const reason = whyInvalid(event);
      if (reason) return undecodableEvent({ position: position(index), event }, reason, storedAtMs);
      return new EncodedEvent(envelope, index, event.subject, entry);
    });
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    events = [undecodableBytes(position(0), storedAtMs, error.message, bytes)];
  }
  return { sequence: message.seq, storedAtMs, events, bytes: bytes.length };
}

/**
 * The client's bytes are a part of its socket buffer, which is twice as large on average and would live as long as the tail
 * keeps an event. Memory from Node's pool would have the same problem, so it is allocated outside.
 */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/**
 * When JetStream stored a message, in Unix milliseconds. The client's own `time` converts nanoseconds through a double and
 * rounds the last 128 ns of a millisecond up; the stream API does not, so the two would differ.
 */
export function storedAtMsOf({ timestampNanos }: Pick<JsMsg, 'timestampNanos'>): number {
  return Number(timestampNanos / 1_000_000n);
}

/** Readers of the log rely on the maximum number of events of an envelope. */
function eventsOf(
  bytes: Uint8Array,
  toStored: (entry: EnvelopeEntry, index: number) => StoredEvent,
): readonly StoredEvent[] {
  const events = Array.from(decodeEnvelope(bytes), toStored);
  if (events.length <= MAX_ENVELOPE_EVENTS) return events;
  throw new Fault(
    'CORRUPT_LOG',
    `the envelope has ${events.length} events, the maximum is ${MAX_ENVELOPE_EVENTS}`,
  );
}

const MAX_DATE_MS = 8.64e15;
const HASH_BYTES = 16;

/** Why an event cannot be stored as a document; undefined if it can. */
function whyInvalid(event: Event): string | undefined {
  if (event.type === '') return 'the event has no type';
  if (event.subject === '') return 'the event has no subject';
  if (Math.abs(event.observedAtMs) > MAX_DATE_MS || Math.abs(event.receivedAtMs) > MAX_DATE_MS) {
    return 'the event has a time outside the range of dates';
  }
  if (event.contentHash.length !== HASH_BYTES)
    return `the content hash has ${event.contentHash.length} bytes, not ${HASH_BYTES}`;
  return undefined;
}
