import { jetstreamManager } from '@nats-io/jetstream';
import { startTestNats } from '@odograph/testing/engines';
import { expect, test, vi } from 'vitest';
import { openTestLog, reported } from './log.fixture.ts';

const soon = () => Date.now() + 10_000;
const reports = (count: number, vehicleId = 'bus-1', from = 0) =>
  Array.from({ length: count }, (_, at) =>
    reported({ vehicleId, reportId: `r${from + at}`, observedAtMs: 1_700_000_000_000 + (from + at) * 1_000 }),
  );

test('what is acknowledged lands in the log once, in order, at its position', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  const events = reports(1_200);

  const positions = await Promise.all(events.map((event) => publisher.append([event], soon())));

  await vi.waitFor(async () => expect(await log.readAll()).toHaveLength(1_200), { timeout: 5_000 });
  const stored = await log.readAll();
  expect(stored.map(({ event }) => event.reportId)).toEqual(events.map(({ reportId }) => reportId));
  expect(stored.map(({ position }) => position)).toEqual(positions);
});

test('a report sent again changes nothing, and one with other content becomes a conflict, once', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  const sketch = { vehicleId: 'bus-1', reportId: 'r1', observedAtMs: 1_700_000_000_000 };
  const first = reported({ ...sketch, speedKmh: 10 });
  const other = reported({ ...sketch, speedKmh: 20 });

  // In one envelope, in two, and again after the log has them.
  await Promise.all([first, first, other, other].map((event) => publisher.append([event], soon())));
  for (const event of [first, other, other, first]) await publisher.append([event], soon());
  const last = await publisher.append([reported({ ...sketch, reportId: 'end' })], soon());

  await vi.waitFor(async () => expect(await log.reader.watermark(0)).toBe(last.sequence));
  expect((await log.readAll()).map(({ event }) => [event.reportId, event.type])).toEqual([
    ['r1', 'TelemetryReported'],
    ['r1', 'TelemetryConflicted'],
    ['end', 'TelemetryReported'],
  ]);
});

test('bytes that are no envelope are kept at their place, and what follows lands', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  const connection = await log.openConnection();
  connection.publish('events.0', new Uint8Array([0xff, 0xff, 0xff]));
  await connection.flush();

  await publisher.append(reports(1), soon());

  await vi.waitFor(async () => expect(await log.readAll()).toHaveLength(2));
  const types = (await log.readAll()).map(({ event }) => event.type);
  expect(types).toEqual(['UndecodableReceived', 'TelemetryReported']);
});

test('a second owner takes over from where the first stopped, and the first coming back adds nothing', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const first = await log.writer('first');
  const second = await log.writer('second');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  await vi.waitFor(() => expect(first.isOwner() || second.isOwner()).toBe(true));
  await Promise.all(reports(300).map((event) => publisher.append([event], soon())));

  const [owner, other] = first.isOwner() ? [first, second] : [second, first];
  await owner.stop();
  await vi.waitFor(() => expect(other.isOwner()).toBe(true), { timeout: 5_000 });
  await Promise.all(reports(300, 'bus-1', 300).map((event) => publisher.append([event], soon())));

  await vi.waitFor(async () => expect(await log.readAll()).toHaveLength(600), { timeout: 5_000 });
});

test('an owner that died between insert and watermark left events that are recognised as the log’s own', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const first = await log.writer('first');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  await Promise.all(reports(50).map((event) => publisher.append([event], soon())));
  await vi.waitFor(async () => expect(await log.readAll()).toHaveLength(50));
  await first.stop();
  const before = await log.readAll();
  await log.collections.partitions.updateOne({ _id: 0 }, { $set: { watermark: 0 }, $unset: { watermark_stored_at: 1 } });

  const committed: number[] = [];
  await log.writer('second', { observer: { onCommitted: (_, { events }) => committed.push(events) } });

  await vi.waitFor(async () => expect(await log.readAll()).toEqual(before), { timeout: 5_000 });
  expect(committed.reduce((sum, events) => sum + events, 0)).toBe(50);
});

test('a stream deleted under the log is replaced above all known sequences, and the gap is an event', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('one');
  const publisher = await log.publisher();
  await vi.waitFor(() => expect(publisher.partitionCount()).toBe(1));
  const last = await publisher.append(reports(1), soon());
  await vi.waitFor(async () => expect(await log.reader.watermark(0)).toBe(last.sequence));

  await (await jetstreamManager(await log.openConnection())).streams.delete('EVENTS-0');
  const after = await publisher.append(reports(1, 'bus-1', 1), soon());

  expect(after.sequence).toBeGreaterThan(last.sequence + 1_000_000);
  await vi.waitFor(async () => expect(await log.reader.watermark(0)).toBe(after.sequence), { timeout: 5_000 });
  const types = (await log.readAll()).map(({ event }) => event.type);
  expect(types).toEqual(['TelemetryReported', 'LogGapFound', 'TelemetryReported']);
});
