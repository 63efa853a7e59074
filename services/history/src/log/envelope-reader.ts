import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream';
import { type SentEvent, type StreamMessage, sentEvents } from '@odograph/event-log/committed-envelope';
import { streamName } from '@odograph/event-log/nats-subjects';
import { unpackedLength } from '@odograph/event-log/packed-envelope';
import { Bell } from '@odograph/kernel/bell';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { SetAside } from './partition-record.ts';

/** A message on its way to the log, with its events. */
export interface ReadEnvelope extends StreamMessage {
  readonly events: readonly SentEvent[];
}

/** Reads a partition's envelopes in order, with a bounded read-ahead. */
export interface EnvelopeReader {
  /**
   * The next envelopes in order, up to the size of a batch. Waits for at least one; empty after `close`.
   * Throws a Fault UNAVAILABLE if the stream cannot be read any more, and RULE_VIOLATED if the next envelope has a form that
   * this program does not know.
   */
  nextBatch(): Promise<readonly ReadEnvelope[]>;
  close(): Promise<void>;
}

const MAX_BATCH_EVENTS = 2_000;
/** Bytes of a batch when it is unpacked. A repetitive report can take a hundred times the memory of its message. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Bytes read ahead while a batch is written. They stay packed until then. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;
/**
 * Envelopes requested from JetStream at a time, at most 16 MiB. A limit in bytes made the client hang for 30 s when a
 * large envelope did not fit into the rest of an earlier request.
 */
const FETCH_ENVELOPES = 32;

/** The stream of a partition, and which of its messages were set aside. */
interface EnvelopeSource {
  readonly partition: number;
  readonly setAside: readonly SetAside[];
}

/** Uses an ordered consumer: it has no gaps or duplicates after a kill or a takeover, and needs no acknowledgements. */
export async function openEnvelopeReader(
  jetstream: JetStreamClient,
  source: EnvelopeSource,
  afterSequence: number,
): Promise<EnvelopeReader> {
  const consumer = await jetstream.consumers.get(streamName(source.partition), {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: afterSequence + 1,
  });
  const messages = await consumer.consume({ max_messages: FETCH_ENVELOPES });
  return readAhead(messages, source, () => consumer.delete());
}

function readAhead(
  messages: ConsumerMessages,
  source: EnvelopeSource,
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
        if (isEnded) throw unreadable(source.partition, ended);
        await arrived.rung();
      }
      const batch = shiftBatch(queue, source);
      for (const { bytes } of batch) ahead -= bytes.length;
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

type Message = Pick<JsMsg, 'seq' | 'data' | 'timestampNanos'>;

interface Arrived {
  readonly message: Message;
  /** Undefined until it is decoded. */
  envelope: ReadEnvelope | undefined;
}

/**
 * Removes the envelopes of one batch from the front of the queue, at least one.
 * Throws a Fault RULE_VIOLATED if this program does not know the form of the first one.
 */
export function shiftBatch(queue: Arrived[], source: EnvelopeSource): readonly ReadEnvelope[] {
  const batch: ReadEnvelope[] = [];
  let [events, bytes] = [0, 0];
  for (const arrived of queue) {
    bytes += unpackedLength(arrived.message.data);
    if (batch.length > 0 && bytes > MAX_BATCH_BYTES) break;
    const envelope = openEnvelope(arrived, source);
    if (isFault(envelope)) {
      if (batch.length === 0) throw envelope;
      break;
    }
    events += envelope.events.length;
    if (batch.length > 0 && events > MAX_BATCH_EVENTS) break;
    batch.push(envelope);
  }
  queue.splice(0, batch.length);
  return batch;
}

/** The opened envelope, or why this program cannot open it. */
function openEnvelope(arrived: Arrived, source: EnvelopeSource): ReadEnvelope | Fault {
  try {
    arrived.envelope ??= readEnvelope(arrived.message, source);
    return arrived.envelope;
  } catch (cause) {
    const { partition } = source;
    const { seq } = arrived.message;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const wayOut = isFault(cause) ? `, or give it up: odograph log set-aside ${partition}/${seq}` : '';
    const message = `message ${seq} of ${streamName(partition)}: ${reason}${wayOut}`;
    return new Fault('RULE_VIOLATED', message, { cause });
  }
}

/** A message of the stream, opened. */
function readEnvelope(message: Message, { partition, setAside }: EnvelopeSource): ReadEnvelope {
  const { seq: sequence, data: bytes } = message;
  const envelope = { partition, sequence, storedAtMs: storedAtMsOf(message), bytes };
  const isSetAside = setAside.some(
    ({ s, stored_at }) => s === sequence && stored_at.getTime() === envelope.storedAtMs,
  );
  return { ...envelope, events: sentEvents(envelope, isSetAside) };
}

/**
 * When JetStream stored a message, in Unix milliseconds. The client's own `time` converts nanoseconds through a double and
 * rounds the last 128 ns of a millisecond up; the stream API does not, so the two would differ.
 */
export function storedAtMsOf({ timestampNanos }: Pick<JsMsg, 'timestampNanos'>): number {
  return Number(timestampNanos / 1_000_000n);
}
