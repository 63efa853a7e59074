import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import {
  ReadRequest,
  ReadResponse,
  SubscribeRequest,
  type SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { StoredEvent } from '@odograph/event-log/log-reader';
import { Fault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { CallContext, ServerStreamMethod } from '@odograph/platform/grpc/handler';
import { eventually } from '@odograph/testing/eventually';
import { cpuMsOf } from '@odograph/testing/linear-time.fixture';
import { expect, test, vi } from 'vitest';
import type { MatchQuery, MongoLogReader } from '../log/mongo-log-reader.ts';
import { eventLogService } from './event-log-service.ts';

const PARTITIONS = 4;
const TYPE = 'TelemetryReported';
const HEAD = { type: TYPE, version: NEWEST_VERSIONS.get(TYPE) ?? 0 };

/** The service over a log in which each partition has one envelope with these events, and one may be broken. */
function openService(
  payloadBytes: readonly number[],
  kind: Partial<typeof HEAD> = {},
  broken?: { readonly partition: number; readonly fault: Fault },
) {
  const eventsOf = (partition: number): StoredEvent[] =>
    payloadBytes.map((length, index) => {
      const event = Event.create({ ...HEAD, ...kind, reportId: `r${index}`, payload: Buffer.alloc(length) });
      return { position: { partition, sequence: 1, index }, event };
    });
  const queries: MatchQuery[] = [];
  const stretches: { readonly partition: number; readonly stretch: WeakRef<object> }[] = [];
  const listened: number[] = [];
  const left: number[] = [];
  const waiting = Promise.withResolvers<void>();
  const reader = {
    watermark: async () => 1,
    async read(partition: number, after: number) {
      if (after < 0) throw new Fault('CORRUPT_LOG', `the log has nothing after ${after}`);
      if (partition === broken?.partition) {
        await waiting.promise;
        throw broken.fault;
      }
      const stretch = { events: eventsOf(partition), through: 1 };
      stretches.push({ partition, stretch: new WeakRef(stretch) });
      return stretch;
    },
    async *matching(query: MatchQuery) {
      queries.push(query);
      yield* eventsOf(query.after.partition).slice(0, query.limit);
    },
  } as Partial<MongoLogReader> as MongoLogReader;
  const { implementation } = eventLogService({
    ...{ partitionCount: PARTITIONS, reader, describe: async () => [] },
    setMessageAside: async () => undefined,
    limits: { maxSubscriptions: 2, maxReads: 2 },
    listen: (partition) => {
      listened.push(partition);
      return () => void left.push(partition);
    },
  });
  const call = <Request, Response>(name: string, request: Request, signal: AbortSignal) => {
    const { handler } = implementation[name] as ServerStreamMethod<Request, Response>;
    return handler(request, { signal, client: 'me' } as CallContext);
  };
  return {
    ...{ queries, stretches, listened, left, fail: waiting.resolve },
    read: (request: Partial<ReadRequest>, { signal } = new AbortController()) =>
      Array.fromAsync(call<ReadRequest, ReadResponse>('read', ReadRequest.create(request), signal)),
    readSlowly: () =>
      call<ReadRequest, ReadResponse>('read', ReadRequest.create(), new AbortController().signal)[
        Symbol.asyncIterator
      ]() as AsyncGenerator<ReadResponse>,
    subscribeSlowly: () =>
      call<SubscribeRequest, SubscribeResponse>(
        'subscribe',
        SubscribeRequest.create(),
        new AbortController().signal,
      )[Symbol.asyncIterator]() as AsyncGenerator<SubscribeResponse>,
    async subscribe(request: Partial<SubscribeRequest>, count: number) {
      const leaving = new AbortController();
      const answers: SubscribeResponse[] = [];
      const wanted = SubscribeRequest.create(request);
      for await (const answer of call<SubscribeRequest, SubscribeResponse>(
        'subscribe',
        wanted,
        leaving.signal,
      )) {
        answers.push(answer);
        if (answers.length === count) break;
      }
      leaving.abort();
      return answers;
    },
  };
}

const idsOf = (answers: readonly { readonly events: readonly { readonly event?: Event | undefined }[] }[]) =>
  answers.map(({ events }) => events.map(({ event }) => event?.reportId));

test('messages have at most a mebibyte of events, or one event', async () => {
  const service = openService(Array(12).fill(300_000));
  const answers = await service.read({ partitions: [1] });
  expect(idsOf(answers)).toEqual([
    ['r0', 'r1', 'r2'],
    ['r3', 'r4', 'r5'],
    ['r6', 'r7', 'r8'],
    ['r9', 'r10', 'r11'],
  ]);
  expect(idsOf(await openService([2_000_000, 10]).read({ partitions: [1] }))).toEqual([['r0'], ['r1']]);
});

test('messages of very many small events are counted with all that each of them has', async () => {
  const answers = await openService(Array(3_000).fill(1_500)).read({ partitions: [1] });
  const sizes = answers.map((answer) => ReadResponse.encode(answer).finish().length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
  expect(answers.flatMap(({ events }) => events)).toHaveLength(3_000);
});

test('a client has a number of reads and subscriptions, and more are refused until it ends one', async () => {
  const service = openService([1]);
  const refused = (limit: string) => ({ code: 'OVERLOADED', limit });
  const reads = [service.readSlowly(), service.readSlowly()];
  for (const read of reads) await read.next();
  await expect(service.read({})).rejects.toMatchObject(refused('2 reads of the log a client'));
  await reads[0]?.return(undefined);
  expect(await service.read({ partitions: [0] })).toHaveLength(1);

  const held = [service.subscribeSlowly(), service.subscribeSlowly()];
  for (const subscription of held) await subscription.next();
  const another = () => service.subscribe({ partitions: [1] }, 1);
  await expect(another()).rejects.toMatchObject(refused('2 subscriptions to the log a client'));
  await held[0]?.return(undefined);
  expect(await another()).toHaveLength(1);
  await held[1]?.return(undefined);
});

test('more than 32 types are refused, and a type that no event has', async () => {
  const refused = (reason: string) => ({ code: 'INVALID_INPUT', findings: [{ reason }] });
  const service = openService([1]);
  await expect(service.read({ types: Array(33).fill(TYPE) })).rejects.toMatchObject(
    refused('TOO_MANY_TYPES'),
  );
  await expect(service.read({ types: [TYPE, 'Nope'] })).rejects.toMatchObject({
    ...refused('UNKNOWN_TYPE'),
    message: expect.stringMatching(/^types\[1\] .*TelemetryReported, /),
  });
});

test('a subject that no event can have is refused', async () => {
  const service = openService([1]);
  await expect(service.read({ subject: 'bad id' })).rejects.toMatchObject({
    findings: [{ field: 'subject', reason: 'INVALID_SUBJECT' }],
  });
  await expect(service.read({ subject: 'log/1' })).resolves.toBeDefined();
});

test('a stretch that is sent in several messages can be continued after each of them', async () => {
  const service = openService([3_000_000, 3_000_000, 3_000_000]);
  const answers = await service.subscribe({ partitions: [1] }, 3);
  expect(idsOf(answers)).toEqual([['r0'], ['r1'], ['r2']]);
  expect(answers.map(({ position }) => position)).toEqual([
    { partition: 1, sequence: 1, index: 0 },
    { partition: 1, sequence: 1, index: 1 },
    { partition: 1, sequence: 1 },
  ]);
  const after = [{ partition: 1, sequence: 1, index: 1 }];
  expect(idsOf(await service.subscribe({ partitions: [1], after }, 1))).toEqual([['r2']]);
});

test('a subscription has the stretch of one partition in memory, until its messages are taken', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const service = openService([3_000_000, 3_000_000]);
  const subscription = service.subscribeSlowly();
  const inMemory = async () => {
    await nextLoopTurn();
    collect();
    return service.stretches.filter(({ stretch }) => stretch.deref()).map(({ partition }) => partition);
  };
  for (const partition of Array(PARTITIONS).keys()) {
    for (const index of [0, 1]) {
      const { value } = await subscription.next();
      expect(value?.events).toMatchObject([{ position: { partition, index } }]);
      expect(await inMemory()).toEqual([partition]);
    }
  }
  await subscription.return(undefined);
});

test('a partition that is named often is followed once', async () => {
  const service = openService([1]);
  await service.subscribe({ partitions: Array(1_000).fill(2) }, 1);
  expect(service.listened).toEqual([2]);
});

test('a position of a partition that is not asked for changes nothing', async () => {
  const service = openService([1]);
  const after = [{ partition: 2, sequence: 1 }];
  expect(idsOf(await service.read({ partitions: [1], after }))).toEqual([['r0']]);
  expect(service.queries.map((query) => query.after.partition)).toEqual([1]);
  await service.subscribe({ partitions: [1], after }, 1);
  expect(service.listened).toEqual([1]);
});

test('a position with an index in no envelope is the start of the log', async () => {
  const after = [{ partition: 1, sequence: 0, index: 5 }];
  expect(idsOf(await openService([1]).subscribe({ partitions: [1], after }, 1))).toEqual([['r0']]);
  expect(idsOf(await openService([1]).read({ partitions: [1], after }))).toEqual([['r0']]);
});

test('a subscription to a log that cannot be read ends with the reason', async () => {
  const reason = 'envelope 1/1 of the log: the message is not an envelope';
  const service = openService([1], {}, { partition: 1, fault: new Fault('CORRUPT_LOG', reason) });
  service.fail();
  await expect(service.subscribe({ partitions: [1] }, 1)).rejects.toMatchObject({
    code: 'CORRUPT_LOG',
    message: reason,
  });
});

test('a subscription to a log that cannot be read for ten seconds ends with the reason, which is passing', async () => {
  vi.useFakeTimers();
  try {
    const away = new Fault('UNAVAILABLE', 'MongoDB does not answer');
    const service = openService([1], {}, { partition: 1, fault: away });
    service.fail();
    const ended = vi.fn();
    const subscribed = service.subscribe({ partitions: [1] }, 1).catch(ended);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(ended).toHaveBeenCalledWith(away);
    await subscribed;
  } finally {
    vi.useRealTimers();
  }
});

test('a subscription that fails in one partition follows none of the others any more', async () => {
  const restored = new Fault('OUT_OF_RANGE', 'the log was restored');
  const service = openService([1], {}, { partition: 3, fault: restored });
  const subscribed = service.subscribe({ partitions: [1, 3] }, 5);
  // Until the follower of the other one waits for what is new.
  setImmediate(() => setImmediate(service.fail));
  await expect(subscribed).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  await eventually(() => expect(service.left.toSorted()).toEqual([1, 3]));
});

test('two positions in one partition are refused', async () => {
  const after = [
    { partition: 3, sequence: 1 },
    { partition: 3, sequence: 2 },
  ];
  const findings = [expect.objectContaining({ field: 'after', reason: 'DUPLICATE_PARTITION' })];
  const refusal = { code: 'INVALID_INPUT', findings };
  await expect(openService([1]).read({ after })).rejects.toMatchObject(refusal);
});

test('very many names and positions of partitions take no longer than reading them', async () => {
  const partitions = Array.from({ length: 60_000 }, (_, at) => at % PARTITIONS);
  const after = Array.from({ length: 12_000 }, () => ({ partition: 3, sequence: 1 }));
  const service = openService([1]);
  const ask = async () => await expect(service.read({ partitions, after })).rejects.toThrow('after');
  expect(await cpuMsOf(ask)).toBeLessThan(500);
});

test('a vehicle is looked for in its partition, and nothing is read after the limit', async () => {
  const service = openService([1, 1]);
  await service.read({ subject: 'bus-1' });
  expect(service.queries.map(({ after }) => after.partition)).toEqual([partitionOf('bus-1', PARTITIONS)]);
  await service.read({ subject: 'log/3', partitions: [3] });
  expect(service.queries.at(-1)?.after.partition).toBe(3);

  service.queries.length = 0;
  expect((await service.read({ limit: 3 })).flatMap(({ events }) => events)).toHaveLength(3);
  expect(service.queries.map(({ after, limit }) => [after.partition, limit])).toEqual([
    [0, 3],
    [1, 1],
  ]);
});

test.each([
  ['a newer version', { version: 99 }],
  ['an unknown type', { type: 'TripEnded' }],
  ['a version that never was, which cannot be brought to the newest', { version: 0 }],
])('an event of %s is passed on as it is', async (_, kind) => {
  const service = openService([3], kind);
  const passed = { ...HEAD, ...kind, reportId: 'r0', payload: Buffer.alloc(3) };
  const read = await service.read({ partitions: [0] });
  expect(read).toMatchObject([{ events: [{ event: passed }] }]);
  const subscribed = await service.subscribe({ partitions: [0] }, 1);
  expect(subscribed).toMatchObject([{ events: [{ event: passed }] }]);
});

test('a search gets the signal of its call', async () => {
  const service = openService([1]);
  const leaving = new AbortController();
  await service.read({ partitions: [0] }, leaving);
  expect(service.queries[0]?.signal).toBe(leaving.signal);
});
