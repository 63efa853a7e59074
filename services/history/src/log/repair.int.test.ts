import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { streamSubject } from '@odograph/event-log/nats-subjects';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { systemClock } from '@odograph/kernel/clock';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { openTestLog, reported } from './log.fixture.ts';
import { acquireLease, type Lease, releaseLease } from './partition-record.ts';
import { prepareStream, type StreamCheckDeps } from './stream-check.ts';
import { ensureStream } from './streams.ts';

/** More than a repair of a stream with two envelopes takes. */
const PARTITIONS = 16;
const STREAMS = { partitionCount: PARTITIONS, maxBytes: 1024 * 1024, replicas: 1 };

const report = (partition: number, at: number) =>
  reported({ vehicleId: `bus-${partition}`, reportId: `r${at}`, observedAtMs: at });

/** Carries out some changes, and then throws at each further one, as after a crash. */
function createCrash(afterChanges: number) {
  let left = afterChanges;
  const counted =
    <Arguments extends readonly unknown[], Result>(change: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments) => {
      if (left === 0) throw new Error('the process was killed');
      left -= 1;
      return await change(...given);
    };
  return {
    manager({ streams }: JetStreamManager): JetStreamManager {
      const changing = {
        add: counted(streams.add.bind(streams)),
        update: counted(streams.update.bind(streams)),
        purge: counted(streams.purge.bind(streams)),
        delete: counted(streams.delete.bind(streams)),
      };
      const reading = { info: streams.info.bind(streams), getMessage: streams.getMessage.bind(streams) };
      return { streams: { ...changing, ...reading } } as unknown as JetStreamManager;
    },
    client: (real: JetStreamClient) =>
      ({ publish: counted(real.publish.bind(real)) }) as unknown as JetStreamClient,
  };
}

test('a repair that is interrupted after any of its changes ends with each report once, and with no other event', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats, { partitionCount: PARTITIONS });
  const connection = await log.openConnection();
  const [client, manager] = [jetstream(connection), await jetstreamManager(connection)];

  /** Repairs the partition's stream, whose first repair is interrupted. True if it was not: it needs fewer changes. */
  async function repairInterrupted(partition: number): Promise<boolean> {
    const { partitions } = log.collections;
    await ensureStream(manager, partition, STREAMS);
    for (const at of [1, 2])
      await client.publish(
        streamSubject(partition),
        packEnvelope([encodeEnvelopeEntry(report(partition, at))]),
      );
    const lease = (await acquireLease(partitions, partition, 'killed', 60_000)) as Lease;
    await partitions.updateOne(
      { _id: partition },
      { $set: { stream: { created_at_ms: 1, resumed_sequence: 0 } } },
    );
    const crash = createCrash(partition);
    const deps: StreamCheckDeps = {
      ...{ partition, collections: log.collections, reader: log.reader, streams: STREAMS, lease },
      ...{ jetstream: crash.client(client), manager: crash.manager(manager), clock: systemClock },
      ...{ onUnknown: () => undefined, signal: new AbortController().signal },
    };
    const isWhole = await prepareStream(deps).then(
      () => true,
      () => false,
    );
    await releaseLease(partitions, lease);
    return isWhole;
  }

  async function expectReports(partition: number): Promise<void> {
    let seenByOwner = 0;
    const committed = (_: number, { events }: { events: number }) => {
      seenByOwner += events;
    };
    const writer = await log.writer('heir', { partition, metrics: { committed } });
    await eventually(async () => {
      const types = Map.groupBy(await log.readAll(partition), ({ event }) => event.type);
      expect([...types.keys()].sort()).toEqual(['LogGapFound', 'TelemetryReported']);
      const ids = types.get('TelemetryReported')?.map(({ event }) => event.reportId);
      expect(ids, `after ${partition} changes`).toEqual(['r1', 'r2']);
      const { state } = await manager.streams.info(`EVENTS-${partition}`);
      expect(await log.reader.watermark(partition)).toBe(state.last_seq);
    });
    await writer.stop();
    expect(seenByOwner).toBe((await log.readAll(partition)).length);
  }

  let interrupted = 0;
  while (!(await repairInterrupted(interrupted))) {
    await expectReports(interrupted);
    interrupted += 1;
  }
  await expectReports(interrupted);
  expect(interrupted).toBeGreaterThan(8);
});
