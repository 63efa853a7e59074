import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { decodeEvent } from '@odograph/contracts/event-catalogue';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { silentLogger } from '@odograph/platform/logger';
import { startTestNats } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { appendEnvelopes } from './append.ts';
import { toDocument } from './envelope-document.ts';
import { openTestLog, reported } from './log.fixture.ts';
import { setMessageAside } from './set-aside.ts';
import { ensureStream } from './streams.ts';

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

test('an envelope of a form that only a newer program knows halts the partition, and the ones before it are appended', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const publisher = await log.publisher();
  const connection = await log.openConnection();
  const [client, manager] = [jetstream(connection), await jetstreamManager(connection)];
  await ensureStream(manager, 0, { partitionCount: 1, maxBytes: 1024 * 1024, replicas: 1 });
  const publish = (bytes: Uint8Array) => client.publish('events.0', bytes);
  const envelopes = reports(2).map((event) => packEnvelope([encodeEnvelopeEntry(event)]));
  await publish(envelopes[0] ?? Buffer.of());
  const { seq: unknown } = await publish(Buffer.of(0xd0, 3));
  await publish(envelopes[1] ?? Buffer.of());

  const changes: string[] = [];
  const metrics = { halted: () => void changes.push('halted'), resumed: () => void changes.push('resumed') };
  const writer = await log.writer('one', { metrics });

  await eventually(() =>
    expect(writer.haltedBecause).toMatch(/message 2 of EVENTS-0: .* form 3, .* update it/),
  );
  expect(await log.readAll()).toHaveLength(1);
  await eventually(() =>
    expect(publisher.append(reports(1, 'bus-2'), Date.now() + 300)).rejects.toThrow(/halted/),
  );
  expect(changes).toEqual(['halted']);

  await manager.streams.deleteMessage('EVENTS-0', unknown);
  await eventually(async () => {
    const ids = (await log.readAll()).map(({ event }) => event.subject + event.reportId);
    expect(ids.slice(0, 2)).toEqual(['bus-1r0', 'bus-1r1']);
    // The writer tells it after it has appended.
    expect(changes).toEqual(['halted', 'resumed']);
  });
});

test('a message of an unknown form can be set aside: readers see its bytes, and the envelopes after it follow', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const connection = await log.openConnection();
  const [client, manager] = [jetstream(connection), await jetstreamManager(connection)];
  await ensureStream(manager, 0, { partitionCount: 1, maxBytes: 1024 * 1024, replicas: 1 });
  const setAside = (sequence: number) => setMessageAside({ ...log, manager }, { partition: 0, sequence });
  const [envelope = Buffer.of()] = reports(1).map((event) => packEnvelope([encodeEnvelopeEntry(event)]));
  const unknown = Buffer.of(0xd0, 9);
  await client.publish('events.0', unknown);
  await client.publish('events.0', envelope);
  const writer = await log.writer('one');
  await eventually(() =>
    expect(writer.haltedBecause).toMatch(/form 9, .* give it up: odograph log set-aside 0\/1$/),
  );

  await expect(setAside(2)).rejects.toMatchObject({ code: 'RULE_VIOLATED', message: /halts nothing/ });
  await expect(setAside(3)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await setAside(1);

  await eventually(async () => expect(await log.readAll()).toHaveLength(2));
  const [first, second] = await log.readAll();
  expect(first?.event.type).toBe('UndecodableReceived');
  expect(decodeEvent(first?.event ?? Event.create())).toMatchObject({ raw: unknown });
  expect(second?.event.reportId).toBe('r0');
  await eventually(() => expect(writer.haltedBecause).toBeUndefined());
  await expect(setAside(1)).rejects.toThrow('message 1 of EVENTS-0 is in the log already');
});

test('a new log with a stream of the first form is halted, ingest hears it, and the reason names the way out', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const publisher = await log.publisher();
  const connection = await log.openConnection();
  const [client, manager] = [jetstream(connection), await jetstreamManager(connection)];
  await ensureStream(manager, 0, { partitionCount: 1, maxBytes: 1024 * 1024, replicas: 1 });
  // The marker of a repair may come first. In the first form an envelope began with its first event.
  await client.publish('events.0', Buffer.of());
  for (const event of reports(2)) await client.publish('events.0', encodeEnvelopeEntry(event));

  const changes: string[] = [];
  const metrics = { halted: () => void changes.push('halted'), resumed: () => void changes.push('resumed') };
  const writer = await log.writer('one', { metrics });

  await eventually(() => expect(writer.haltedBecause).toMatch(/first form.*delete the streams of NATS/));
  await eventually(() => expect(publisher.append(reports(1), Date.now() + 300)).rejects.toThrow(/halted/));
  expect(changes).toEqual(['halted']);
  expect(await log.readAll()).toEqual([]);
});

test('a log with a hole halts its partition, and it stays halted', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const publisher = await log.publisher();
  const manager = await jetstreamManager(await log.openConnection());
  await ensureStream(manager, 0, { partitionCount: 1, maxBytes: 1024 * 1024, replicas: 1 });
  for (const [sequence, previousSequence] of [
    [1, 0],
    [3, 2],
  ] as const) {
    const envelope = committedEnvelope({ sequence, previousSequence, events: reports(1) });
    await log.collections.envelopes.insertOne(toDocument(envelope, []));
  }
  const changes: string[] = [];
  const metrics = { halted: () => void changes.push('halted'), resumed: () => void changes.push('resumed') };
  const writer = await log.writer('one', { metrics });

  await eventually(() => expect(writer.haltedBecause).toMatch(/follows 2, but 1 was read before it/));
  await eventually(() => expect(publisher.append(reports(1), Date.now() + 300)).rejects.toThrow(/halted/));
  expect(changes).not.toContain('resumed');
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

test('a stream that is too large for the disk halts the partition, names the setting, and is logged once', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const lines: string[] = [];
  const count = (_: object, message: string) => void lines.push(message);
  const logger = { ...silentLogger, warn: count, error: count };
  const writer = await log.writer('one', { maxBytes: 2 ** 50, logger });
  const reason =
    'JetStream has no room for a stream of 1073741824 MiB (partition 0): ' +
    'set ODO_HISTORY_STREAM_MAX_BYTES lower, or free the disk of NATS and restart it';
  await eventually(() => expect(writer.haltedBecause).toBe(reason));
  const { sinceMs = 0 } = writer.trouble;
  await eventually(() => expect(writer.trouble.last?.atMs).toBeGreaterThan(sinceMs + 2_000));
  expect(writer.trouble.last?.message).toBe(reason);
  expect(lines).toEqual(['the partition is halted', 'appending to the log is tried again']);
  await writer.stop();

  const smaller = await log.writer('two');
  await eventually(() => expect(smaller.isOwner).toBe(true));
  expect(smaller.trouble.sinceMs).toBeUndefined();
});

test('a writer whose inserts fail backs off, logs it once, and appends when they succeed', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const lines: string[] = [];
  const count = (_: object, message: string) => void lines.push(message);
  let retries = 0;
  const retried = () => {
    retries += 1;
  };
  const logger = { ...silentLogger, info: count, warn: count };
  const writer = await log.writer('one', { logger, metrics: { retried } });
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const { sequence } = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(sequence));
  const refuseAll = (isOn: boolean) =>
    log.mongo.db.command({ collMod: 'envelopes', validator: isOn ? { $expr: false } : {} });
  await refuseAll(true);
  const second = await publisher.append(reports(1, 'bus-1', 1), soon());
  const { sinceMs = 0 } = await eventually(() => {
    expect(writer.trouble.sinceMs).toBeDefined();
    return writer.trouble;
  });
  await eventually(() => expect(writer.trouble.last?.atMs).toBeGreaterThan(sinceMs + 2_500));
  expect(writer.trouble.last?.message).toBe('MongoDB did not insert an envelope: Document failed validation');
  expect(retries).toBeLessThan(8);
  expect(lines.filter((line) => line === 'appending to the log is tried again')).toHaveLength(1);
  await refuseAll(false);
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(second.sequence));
  await eventually(() => expect(writer.trouble.sinceMs).toBeUndefined());
  expect(lines).toContain('it succeeds again');
});

test('an append of another owner is not lost: the writer reads the log again and continues after it', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  await log.writer('only');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const first = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(first.sequence));

  // As a former owner does that knows nothing of its loss: the writer has judged nothing after the first envelope yet.
  const [stranger] = reports(1, 'bus-2');
  const sequence = first.sequence + 1;
  const envelope = committedEnvelope({ sequence, events: stranger ? [stranger] : [] });
  await log.collections.envelopes.insertOne(toDocument(envelope, []));
  await publisher.append(reports(1, 'bus-1', 1), soon());
  const third = await publisher.append(reports(1, 'bus-1', 2), soon());

  await eventually(async () => expect(await log.reader.watermark(0)).toBeGreaterThanOrEqual(third.sequence));
  const ids = (await log.readAll()).map(({ event }) => event.subject + event.reportId);
  expect(ids.slice(0, 2)).toEqual(['bus-1r0', 'bus-2r0']);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a writer that stops stores its ledger, so that the next one reads nothing again', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const writer = await log.writer('one');
  const publisher = await log.publisher();
  await eventually(() => expect(publisher.partitionCount()).toBe(1));
  const last = await publisher.append(reports(1), soon());
  await eventually(async () => expect(await log.reader.watermark(0)).toBe(last.sequence));
  await writer.stop();
  const checkpoint = await log.collections.ledgerCheckpoints.findOne({ _id: 0 });
  expect(checkpoint?.sequence).toBe(last.sequence);
});

test('two envelopes cannot follow the same one', async () => {
  await using nats = await startTestNats();
  await using log = await openTestLog(nats);
  const append = (sequence: number, previousSequence: number) => {
    const envelope = {
      ...committedEnvelope({ sequence, previousSequence, events: reports(1) }),
      rareTypes: [],
    };
    return appendEnvelopes(log.collections.envelopes, [envelope]);
  };
  expect(await append(1, 0)).toBe('appended');
  expect(await append(2, 1)).toBe('appended');
  expect(await append(2, 1), 'its own, again').toBe('appended');
  expect(await append(1_000_001, 1), 'after a repair').toBe('continued by another owner');
  expect(await append(3, 2)).toBe('appended');
});
