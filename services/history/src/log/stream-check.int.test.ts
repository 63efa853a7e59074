import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Envelope } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { streamSubject } from '@odograph/event-log/nats-subjects';
import { systemClock } from '@odograph/kernel/clock';
import { startTestNats } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { toDocument } from './event-document.ts';
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
    const { seq: sequence } = await stream.publish(
      streamSubject(0),
      Envelope.encode({ events: [event] }).finish(),
    );
    await log.collections.events.insertOne(
      toDocument({ position: { partition: 0, sequence, index: 0 }, event }),
    );
  }

  const unknown: string[] = [];
  const deps: StreamCheckDeps = {
    partition: 0,
    collections: log.collections,
    reader: {
      ...log.reader,
      async highestSequence(partition) {
        await append();
        return await log.reader.highestSequence(partition);
      },
    },
    ...{ jetstream: stream, manager, streams: STREAMS, lease, knownMismatch: undefined, leaseTtlMs: 60_000 },
    onUnknown: (reason) => unknown.push(reason),
    signal: new AbortController().signal,
    clock: systemClock,
  };
  await append();
  await prepareStream(deps);

  expect(unknown).toEqual([]);
});
