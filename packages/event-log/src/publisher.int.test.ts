import { randomBytes } from 'node:crypto';
import { DiscardPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  Event,
  LogBroadcast,
  PartitionState,
} from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import { natsOptions } from '@odograph/platform/nats-options';
import { startTestNats, type TestEngine } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { decodeEnvelope } from './envelope.ts';
import { logSubject, PARTITION_COUNT_KEY, streamName, streamSubject } from './nats-subjects.ts';
import { unpackEnvelope } from './packed-envelope.ts';
import { TestPublisher } from './publisher.fixture.ts';
import { StreamWatch } from './stream-watch.ts';

async function openTestPublisher(nats: TestEngine, { partitionCount = 1, maxBytes = 64 * 1024 * 1024 } = {}) {
  const connection = await connect({ ...natsOptions(nats), reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  const manager = await jetstreamManager(connection);
  for (let partition = 0; partition < partitionCount; partition += 1) {
    await addStream(connection, partition, partitionCount, maxBytes);
  }
  const watch = new StreamWatch({ connection, manager, intervalMs: 50 });
  const publisher = new TestPublisher({
    jetstream: jetstream(connection),
    watch,
    options: { ackTimeoutMs: 300, retryMaxMs: 100, maxQueuedBytes: 1024 * 1024 },
  });
  await eventually(() => expect(publisher.partitionCount()).toBe(partitionCount));
  return {
    connection,
    manager,
    watch,
    publisher,
    async [Symbol.asyncDispose]() {
      watch.stop();
      await connection.close();
    },
  };
}

async function addStream(
  connection: NatsConnection,
  partition: number,
  partitionCount: number,
  maxBytes: number,
) {
  return (await jetstreamManager(connection)).streams.add({
    name: streamName(partition),
    subjects: [streamSubject(partition)],
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    metadata: { [PARTITION_COUNT_KEY]: String(partitionCount) },
  });
}

const event = (subject: string, reportId: string, bytes = 10) =>
  Event.create({ type: 'TelemetryReported', subject, reportId, payload: randomBytes(bytes) });
const soon = (ms = 10_000) => Date.now() + ms;

async function storedReportIds(connection: NatsConnection, partition = 0): Promise<string[]> {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(streamName(partition));
  const ids: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(streamName(partition), { seq });
    if (message)
      for (const { event } of decodeEnvelope(unpackEnvelope(message.data))) ids.push(event.reportId);
  }
  return ids;
}

test('reports that come together share envelopes in order, and a report’s events are adjacent', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  const reports = Array.from({ length: 600 }, (_, at) =>
    at % 100 === 0 ? [event('a', `${at}`), event('a', `${at}+`)] : [event('a', `${at}`)],
  );

  const positions = await Promise.all(reports.map((events) => platform.publisher.append(events, soon())));

  expect(await storedReportIds(platform.connection)).toEqual(reports.flat().map(({ reportId }) => reportId));
  expect(positions.at(-1)?.sequence).toBeLessThanOrEqual(3);
  expect(positions[101]).toMatchObject({ index: (positions[100]?.index ?? 0) + 2 });
});

test('many reports at once get one result each, in order, and one that is too large does not affect the others', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats, { partitionCount: 2 });
  const tooLarge = [event('vehicle-1', 'large', 300_000), event('vehicle-1', 'large+', 300_000)];
  const sound = Array.from({ length: 20 }, (_, at) => [event(`vehicle-${at}`, 'r')]);

  const results = await platform.publisher.appendAll([...sound.slice(0, 10), tooLarge, ...sound.slice(10)], {
    deadlineAtMs: soon(),
  });

  expect(results[10]).toMatchObject({ code: 'TOO_LARGE' });
  const again = await platform.publisher.appendAll(sound, { deadlineAtMs: soon() });
  const partitionOf = (result: unknown) => (result as EventPosition).partition;
  expect(results.toSpliced(10, 1).map(partitionOf)).toEqual(again.map(partitionOf));
  expect(new Set(again.map(partitionOf))).toEqual(new Set([0, 1]));
  expect(await platform.publisher.appendAll([], { deadlineAtMs: soon() })).toEqual([]);
});

test('a subject always has the same partition, and subjects spread over all partitions', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats, { partitionCount: 2 });
  const subjects = Array.from({ length: 20 }, (_, at) => `vehicle-${at}`);
  const append = (subject: string) => platform.publisher.append([event(subject, 'r')], soon());
  const first = await Promise.all(subjects.map(append));
  const second = await Promise.all(subjects.map(append));

  expect(second.map(({ partition }) => partition)).toEqual(first.map(({ partition }) => partition));
  expect(new Set(first.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
});

test('while NATS is down an append is UNAVAILABLE before its deadline, and a later deadline is met when NATS is back', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  await platform.publisher.append([event('a', 'before')], soon());
  await nats.kill9();

  const impatient = platform.publisher.append([event('a', 'impatient')], soon(400));
  const patient = platform.publisher.append([event('a', 'patient')], soon());
  await expect(impatient).rejects.toMatchObject({ code: 'UNAVAILABLE' });

  await using back = await startTestNats({ dataDir: nats.dataDir, port: nats.port });
  await patient;
  expect(await storedReportIds(platform.connection)).toContain('patient');
  expect(back.port).toBe(nats.port);
});

test('while NATS is asleep appends are refused within seconds, with the reason; when it wakes nothing is doubled', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  const { publisher, connection } = platform;
  await publisher.append([event('a', 'before')], soon());
  nats.kill('SIGSTOP');
  const sleepsSinceMs = performance.now();

  const waiting = expect(publisher.append([event('a', 'waiting')], soon(60_000))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(
      /^partition 0 is closed for \d s: JetStream does not answer; retry in 1000 ms$/,
    ),
    retryAfterMs: 1_000,
  });
  await waiting;
  expect(performance.now() - sleepsSinceMs).toBeLessThan(5_000);
  const askedAtMs = performance.now();
  await expect(publisher.append([event('a', 'at once')], soon(60_000))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  expect(performance.now() - askedAtMs).toBeLessThan(100);
  const refusal = publisher.refusal(0);
  expect(refusal?.reason).toBe('JetStream does not answer');
  expect(refusal?.forMs).toBeGreaterThan(1_500);

  nats.kill('SIGCONT');
  await eventually(async () => {
    await publisher.append([event('a', 'after')], soon());
    expect(publisher.refusal(0)).toBeUndefined();
  });
  expect(await storedReportIds(connection)).toEqual(['before', 'waiting', 'after']);
});

test('after a lost acknowledgement the same envelope is sent again before any other, and stored once', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  const jetstreamClient = jetstream(platform.connection);
  let losses = 2;
  const forgetful = {
    ...jetstreamClient,
    async publish(...parameters: Parameters<typeof jetstreamClient.publish>) {
      const ack = await jetstreamClient.publish(...parameters);
      if (losses-- > 0) throw new Error('the acknowledgement was lost');
      return ack;
    },
  } as typeof jetstreamClient;
  const publisher = new TestPublisher({
    jetstream: forgetful,
    watch: platform.watch,
    options: { lingerMs: 0 },
  });

  const first = publisher.append([event('a', 'first')], soon());
  const second = first.then(() => publisher.append([event('a', 'second')], soon()));
  const [a, b] = await Promise.all([first, second]);

  expect(await storedReportIds(platform.connection)).toEqual(['first', 'second']);
  expect(b.sequence).toBeGreaterThan(a.sequence);
});

test('a full stream refuses a large append, drops nothing, and still takes a small one', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats, { maxBytes: 1_000_000 });
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 50; at += 1)
      await platform.publisher.append([event('a', `${at}`, 100_000)], soon());
  };

  await expect(fill()).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs: expect.any(Number) });

  await eventually(() => expect(platform.publisher.roomIn(0).filledRatio).toBeGreaterThan(0.9));
  const small = await platform.publisher.appendAll([[event('b', 'small', 10)]], {
    deadlineAtMs: soon(),
    partition: 0,
  });
  expect(small).toMatchObject([{ partition: 0 }]);
  expect((await storedReportIds(platform.connection)).slice(0, 2)).toEqual(['0', '1']);
});

test('a partition that cannot store keeps at most half of what may wait, and the others still store', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats, { partitionCount: 2 });
  await platform.manager.streams.delete(streamName(0));
  const deadlineAtMs = soon(2_000);
  const appendTo = (partition: number, count: number, bytes: number) => {
    const events = Array.from({ length: count }, (_, at) => [event('a', `${at}`, bytes)]);
    return platform.publisher.appendAll(events, { deadlineAtMs, partition });
  };
  const stuck = appendTo(0, 12, 100_000);
  expect(platform.publisher.queuedBytes()).toBeLessThan(512 * 1024);

  expect(await appendTo(1, 2, 100_000)).toMatchObject([{ partition: 1 }, { partition: 1 }]);
  expect((await stuck).map((result) => isFault(result) && result.code)).toEqual([
    ...Array.from({ length: 5 }, () => 'UNAVAILABLE'),
    ...Array.from({ length: 7 }, () => 'OVERLOADED'),
  ]);
  expect((await stuck).at(-1)).toMatchObject({
    message: expect.stringMatching(
      /^partition 0 has \d+ of the \d+ bytes that wait for disk, at most 1048576, /,
    ),
    limit: '1048576 bytes waiting for disk',
    retryAfterMs: 100,
  });
  expect(platform.publisher.queuedBytes()).toBe(0);
});

test('each append is given up at its own deadline, in whatever order they come, and gives back what it held', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  await platform.manager.streams.delete(streamName(0));
  const startedAtMs = Date.now();
  const givenUpAfterMs = async (deadlineMs: number) => {
    const [result] = await platform.publisher.appendAll([[event('a', `${deadlineMs}`)]], {
      deadlineAtMs: startedAtMs + deadlineMs,
    });
    expect(isFault(result) && result.code).toBe('UNAVAILABLE');
    return Date.now() - startedAtMs;
  };
  // The first is in flight, the others are queued.
  const deadlines = [900, 700, 1_500, 400, 1_100];
  const waited = await Promise.all(deadlines.map(givenUpAfterMs));
  for (const [at, deadlineMs] of deadlines.entries()) {
    expect(waited[at]).toBeGreaterThan(deadlineMs - 200);
    expect(waited[at]).toBeLessThan(deadlineMs + 300);
  }
  expect(platform.publisher.queuedBytes()).toBe(0);
});

test('a partition that history has halted, or whose stream was replaced, is closed', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  const { created } = await platform.manager.streams.info(streamName(0));
  const broadcast = async (state: PartitionState, streamCreatedAtMs: number, watermark = 0) => {
    const message = LogBroadcast.create({ state, streamCreatedAtMs, watermark });
    platform.connection.publish(logSubject(0), LogBroadcast.encode(message).finish());
    await platform.connection.flush();
  };
  const refused = () => expect(() => platform.watch.assertOpen(0)).toThrow(/is closed/);
  const open = () => expect(() => platform.watch.assertOpen(0)).not.toThrow();
  const createdAtMs = Date.parse(created);

  await broadcast(PartitionState.HALTED, createdAtMs);
  await eventually(refused);
  await broadcast(PartitionState.RUNNING, createdAtMs);
  await eventually(open);
  await broadcast(PartitionState.RUNNING, createdAtMs + 1);
  await eventually(refused);
  await broadcast(PartitionState.RUNNING, createdAtMs, 5_000);
  await eventually(() => expect(() => platform.watch.assertOpen(0)).toThrow(/ends below the log/));
});

test('an acknowledgement that goes backwards closes the partition until history has checked the stream', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  for (let at = 0; at < 3; at += 1) await platform.publisher.append([event('a', `${at}`)], soon());
  await platform.manager.streams.delete(streamName(0));
  await addStream(platform.connection, 0, 1, 1_000_000);

  // The check takes longer than an append waits for a partition that is closed.
  const late = eventually(() => platform.publisher.append([event('a', 'late')], soon()));
  await platform.manager.streams.purge(streamName(0), { seq: 1_000_000 });
  const { created } = await platform.manager.streams.info(streamName(0));
  const broadcast = LogBroadcast.create({
    state: PartitionState.RUNNING,
    streamCreatedAtMs: Date.parse(created),
  });
  const broadcasting = setInterval(
    () => platform.connection.publish(logSubject(0), LogBroadcast.encode(broadcast).finish()),
    100,
  );

  expect((await late).sequence).toBeGreaterThanOrEqual(1_000_000);
  clearInterval(broadcasting);
});

test('a partition count that no log has is refused', async () => {
  await using nats = await startTestNats();
  const connection = await connect(natsOptions(nats));
  await addStream(connection, 0, 1_000_000_000, 1024 * 1024);
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown) => troubles.push(error);
  const watch = new StreamWatch({
    ...{ connection, manager: await jetstreamManager(connection), intervalMs: 50, onTrouble },
  });
  await eventually(() => expect(String(troubles[0])).toMatch(/=1000000000: .* at most 64; history sets it/));
  watch.stop();
  await connection.close();
});

test('a broadcast that cannot be decoded does not affect anything else on the connection', async () => {
  await using nats = await startTestNats();
  await using platform = await openTestPublisher(nats);
  platform.connection.publish(logSubject(0), new Uint8Array([0xff, 0xff, 0xff]));
  await platform.connection.flush();

  await platform.publisher.append([event('a', 'after')], soon());
  expect(await storedReportIds(platform.connection)).toEqual(['after']);
});
