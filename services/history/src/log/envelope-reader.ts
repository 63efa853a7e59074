import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { EncodedEvent } from '@odograph/event-log/encoded-event';
import { decodeEnvelope, type EnvelopeEntry, MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { streamName } from '@odograph/event-log/nats-subjects';
import { Bell } from '@odograph/kernel/bell';
import { Fault, isFault } from '@odograph/kernel/fault';
import { asUndecodable, undecodable } from './append.ts';

/** An envelope on its way to the log. */
export interface ReadEnvelope {
  readonly sequence: number;
  /** When JetStream stored it: Unix time, milliseconds. Names the envelope among those that ever had its sequence. */
  readonly storedAtMs: number;
  readonly events: readonly StoredEvent[];
  readonly bytes: number;
}

/** Reads a partition's envelopes in order, ahead of its caller by a bounded amount. */
export interface EnvelopeReader {
  /**
   * What has arrived, in order, up to a good batch; waits for at least one. Empty once closed.
   * Throws a Fault UNAVAILABLE when the stream cannot be read any more.
   */
  take(): Promise<readonly ReadEnvelope[]>;
  close(): Promise<void>;
}

const MAX_BATCH_EVENTS = 2_000;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Bytes read ahead while a batch is being written. They are decoded when it is their turn: decoded, they take several times as much. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;
/**
 * Envelopes asked of JetStream at a time, at most 16 MiB. Asked for bytes instead, the client stood still for half a
 * minute when a large envelope met what was left of an earlier request.
 */
const FETCH_ENVELOPES = 32;

/** An ordered consumer: across kills and takeovers it had neither gap nor duplicate, and it needs no acknowledgements. */
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
  forget: () => Promise<boolean>,
): EnvelopeReader {
  const queue: Arrived[] = [];
  let ahead = 0;
  let ended: unknown;
  let isEnded = false;
  let isClosed = false;
  const arrived = new Bell();
  const taken = new Bell();

  async function fill(): Promise<void> {
    for await (const message of messages) {
      queue.push({ message, envelope: undefined });
      ahead += message.data.length;
      arrived.ring();
      while (ahead > MAX_AHEAD_BYTES && !isClosed) await taken.rung();
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
    async take() {
      while (queue.length === 0) {
        if (isClosed) return [];
        if (isEnded)
          throw new Fault('UNAVAILABLE', `the stream of partition ${partition} cannot be read`, {
            cause: ended,
          });
        await arrived.rung();
      }
      const batch = takeBatch(queue, partition);
      for (const { bytes } of batch) ahead -= bytes;
      taken.ring();
      return batch;
    },
    async close() {
      isClosed = true;
      queue.length = 0;
      ahead = 0;
      taken.ring();
      arrived.ring();
      await messages.close();
      // Where the server is away, or the stream gone, it is forgotten anyway.
      await Promise.allSettled([forget()]);
    },
  };
}

interface Arrived {
  readonly message: JsMsg;
  /** Once it has been looked into. */
  envelope: ReadEnvelope | undefined;
}

/** Takes envelopes from the front that make a good batch; at least one. */
function takeBatch(queue: Arrived[], partition: number): readonly ReadEnvelope[] {
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

/** The events of a message at their positions; what cannot be read becomes an event that says so. */
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
      const fault = faultOf(event);
      if (fault) return asUndecodable({ position: position(index), event }, fault, storedAtMs);
      return new EncodedEvent(envelope, index, event.subject, entry);
    });
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    events = [undecodable(position(0), storedAtMs, error.message, bytes)];
  }
  return { sequence: message.seq, storedAtMs, events, bytes: bytes.length };
}

/**
 * The client's bytes lie in what it read from its socket, twice as many on the average, and would keep them as long as the
 * tail keeps an event. So would Node's pool, where lies all that was written meanwhile.
 */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/**
 * When JetStream stored a message, in Unix milliseconds. The client's own `time` goes over a number that cannot hold so many
 * nanoseconds: the last 128 of a millisecond pass for the next one, and not so where the stream itself is asked.
 */
export function storedAtMsOf({ timestampNanos }: Pick<JsMsg, 'timestampNanos'>): number {
  return Number(timestampNanos / 1_000_000n);
}

/** Who reads the log counts on it that an envelope is no longer than this. */
function eventsOf(
  bytes: Uint8Array,
  toStored: (entry: EnvelopeEntry, index: number) => StoredEvent,
): readonly StoredEvent[] {
  const events = Array.from(decodeEnvelope(bytes), toStored);
  if (events.length <= MAX_ENVELOPE_EVENTS) return events;
  throw new Fault(
    'CORRUPT_LOG',
    `the envelope has ${events.length} events, more than ${MAX_ENVELOPE_EVENTS}`,
  );
}

const MAX_DATE_MS = 8.64e15;
const HASH_BYTES = 16;

/** Why an event cannot become a document; undefined when it can. */
function faultOf(event: Event): string | undefined {
  if (event.type === '') return 'the event has no type';
  if (event.subject === '') return 'the event has no subject';
  if (Math.abs(event.observedAtMs) > MAX_DATE_MS || Math.abs(event.receivedAtMs) > MAX_DATE_MS) {
    return 'the event has a time that is none';
  }
  if (event.contentHash.length !== HASH_BYTES)
    return `the content hash has ${event.contentHash.length} bytes`;
  return undefined;
}
