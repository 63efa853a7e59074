import { jetstreamManager } from '@nats-io/jetstream';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { listenToLog } from '@odograph/event-log/listen-to-log';
import { type LogListener, subscribe } from '@odograph/event-log/subscribe';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { toDocument } from './event-document.ts';
import { openTestLog, reported } from './log.fixture.ts';

const soon = () => Date.now() + 10_000;
const reports = (count: number, vehicleId = 'bus-1', from = 0) =>
  Array.from({ length: count }, (_, at) =>
    reported({ vehicleId, reportId: `r${from + at}`, observedAtMs: 1_700_000_000_000 + (from + at) * 1_000 }),
  );

test('acknowledged reports are in the log once, in order, at their positions', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const events = reports(1_200);

  const positions = await Promise.all(events.map((event) => publisher.append([event], soon())));

  await eventually(async () => expect(await log.readAll()).toHaveLength(1_200));
  const stored = await log.readAll();
  expect(stored.map(({ event }) => event.reportId)).toEqual(events.map(({ reportId }) => reportId));
  expect(stored.map(({ position }) => position)).toEqual(positions);
});

test('a repeated report changes nothing, and one with other content becomes one conflict', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const sketch = { vehicleId: 'bus-1', reportId: 'r1', observedAtMs: 1_700_000_000_000 };
  const first = reported({ ...sketch, speedKmh: 10 });
  const other = reported({ ...sketch, speedKmh: 20 });

  // In one envelope, in two, and again after the log has them.
  await Promise.all([first, first, other, other].map((event) => publisher.append([event], soon())));
  for (const event of [first, other, other, first]) await publisher.append([event], soon());
  const last = await publisher.append([reported({ ...sketch, reportId: 'end' })], soon());

  await eventually(async () => expect(await log.reader.watermark(0)).toBe(last.sequence));
  expect((await log.readAll()).map(({ event }) => [event.reportId, event.type])).toEqual([
    ['r1', 'TelemetryReported'],
    ['r1', 'TelemetryConflicted'],
    ['end', 'TelemetryReported'],
  ]);
});

test('bytes that are not an envelope are stored at their position, and the next reports follow', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const connection = await log.openConnection();
  connection.publish('events.0', new Uint8Array([0xff, 0xff, 0xff]));
  await connection.flush();

  await publisher.append(reports(1), soon());

  await eventually(async () => expect(await log.readAll()).toHaveLength(2));
  const types = (await log.readAll()).map(({ event }) => event.type);
  expect(types).toEqual(['UndecodableReceived', 'TelemetryReported']);
});

test('a second owner continues where the first stopped', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const first = await log.writer('first');
  const second = await log.writer('second');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  await eventually(() => expect(first.isOwner || second.isOwner).toBe(true));
  await Promise.all(reports(300).map((event) => publisher.append([event], soon())));

  const [owner, other] = first.isOwner ? [first, second] : [second, first];
  await owner.stop();
  await eventually(() => expect(other.isOwner).toBe(true));
  await Promise.all(reports(300, 'bus-1', 300).map((event) => publisher.append([event], soon())));

  await eventually(async () => expect(await log.readAll()).toHaveLength(600));
});

test('events of an owner that died between insert and watermark are committed, not duplicates', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const first = await log.writer('first');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  await Promise.all(reports(50).map((event) => publisher.append([event], soon())));
  await eventually(async () => expect(await log.readAll()).toHaveLength(50));
  await first.stop();
  const before = await log.readAll();
  await log.collections.partitions.updateOne(
    { _id: 0 },
    { $set: { watermark: 0 }, $unset: { watermark_stored_at: 1 } },
  );

  const committed: number[] = [];
  await log.writer('second', { metrics: { committed: (_, { events }) => committed.push(events) } });

  await eventually(async () => expect(await log.readAll()).toEqual(before));
  await eventually(() => expect(committed.reduce((sum, events) => sum + events, 0)).toBe(50));
});

test('a deleted stream continues above all known sequences, and the gap is an event', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const last = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(last.sequence));

  await (await jetstreamManager(await log.openConnection())).streams.delete('EVENTS-0');
  const after = await publisher.append(reports(1, 'bus-1', 1), soon());

  expect(after.sequence).toBeGreaterThan(last.sequence + 1_000_000);
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(after.sequence));
  const types = (await log.readAll()).map(({ event }) => event.type);
  expect(types).toEqual(['TelemetryReported', 'LogGapFound', 'TelemetryReported']);
});

test('events above the watermark stay in the log when the stream is deleted, and followers receive them', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const first = await log.writer('first');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const { sequence } = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(sequence));
  await first.stop();
  const [, orphan] = reports(2);
  const position = { partition: 0, sequence: sequence + 1, index: 0 };
  await log.collections.events.insertOne(toDocument({ position, event: orphan as Event }));
  await (await jetstreamManager(await log.openConnection())).streams.delete('EVENTS-0');

  const connection = await log.openConnection();
  const leaving = new AbortController();
  const followed: string[] = [];
  const following = (async () => {
    const listen: LogListener = (partition, onBroadcast) => listenToLog(connection, partition, onBroadcast);
    const stretches = subscribe({
      reader: log.reader,
      listen,
      partition: 0,
      after: 0,
      signal: leaving.signal,
    });
    for await (const { events } of stretches)
      followed.push(...events.map(({ event }) => event.type + event.reportId));
  })();
  await log.writer('second');
  await publisher.append([orphan as Event], soon());
  await publisher.append(reports(1, 'bus-1', 2), soon());

  await eventually(() => expect(followed.at(-1)).toBe('TelemetryReportedr2'));
  expect(followed.filter((id) => id.startsWith('TelemetryReported'))).toEqual(
    ['r0', 'r1', 'r2'].map((id) => `TelemetryReported${id}`),
  );
  expect((await log.readAll()).map(({ event }) => event.type + event.reportId)).toEqual(followed);
  leaving.abort();
  await following;
});

test('a watermark that cannot be moved is noticed at once, also without further reports', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('only');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const first = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(first.sequence));

  // As if MongoDB was restored from a backup: the writer still has the lease.
  await log.collections.partitions.updateOne({ _id: 0 }, { $set: { watermark: 0 } });
  const second = await publisher.append(reports(1, 'bus-1', 1), soon());

  await eventually(async () => expect(await log.reader.watermark(0)).toBe(second.sequence));
  expect((await log.readAll()).map(({ event }) => event.reportId)).toHaveLength(2);
});
