import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { systemClock } from '@odograph/kernel/clock';
import { startTestNats } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { toDocument } from './envelope-document.ts';
import { openTestLog, reported } from './log.fixture.ts';
import { acquireLease, type Lease } from './partition-record.ts';
import { prepareStream, type StreamCheckDeps } from './stream-check.ts';
import { ensureStream } from './streams.ts';

const STREAMS = { partitionCount: 1, maxBytes: 1024 * 1024, replicas: 1 };

test('a stream to which a former owner appends during the check is known', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const connection = await log.openConnection();
  const [stream, manager] = [jetstream(connection), await jetstreamManager(connection)];
  await ensureStream(manager, 0, STREAMS);
  const lease = (await acquireLease(log.collections.partitions, 0, 'heir', 60_000)) as Lease;
  let count = 0;

  /** Adds an envelope to the stream and to the log, as a former owner does that has not noticed the loss of its lease. */
  async function append(): Promise<void> {
    count += 1;
    const event = reported({ vehicleId: 'bus-1', reportId: `r${count}`, observedAtMs: count });
    const bytes = packEnvelope([encodeEnvelopeEntry(event)]);
    const { seq: sequence } = await stream.publish(streamSubject(0), bytes);
    await log.collections.envelopes.insertOne(
      toDocument(committedEnvelope({ sequence, events: [event] }), []),
    );
  }

  async function storedAtMs(seq: number): Promise<number> {
    const message = await manager.streams.getMessage(streamName(0), { seq });
    return message?.time.getTime() ?? 0;
  }

  const unknown: string[] = [];
  const deps: StreamCheckDeps = {
    partition: 0,
    collections: log.collections,
    reader: {
      ...log.reader,
      async head(partition: number) {
        await append();
        const head = await log.reader.head(partition);
        return head && { ...head, storedAtMs: await storedAtMs(head.sequence) };
      },
    },
    ...{ jetstream: stream, manager, streams: STREAMS, lease },
    onUnknown: (reason) => unknown.push(reason),
    signal: new AbortController().signal,
    clock: systemClock,
  };
  await append();
  await prepareStream(deps);

  expect(unknown).toEqual([]);
});
