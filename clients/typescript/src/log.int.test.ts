import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import type { Fault } from './fault.ts';
import {
  ENVELOPES,
  eventsOf,
  type LogScript,
  type ScriptedLog,
  startLog,
  type Turn,
} from './history.fixture.ts';
import type { EventFilter, FollowOptions } from './log.ts';
import { unavailable } from './server.fixture.ts';

let server: ScriptedLog | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  server?.kill();
});

async function clientOf(script: LogScript): Promise<Client> {
  server = await startLog(script);
  client = createClient({ history: server.endpoint });
  return client;
}

/** Follows the log until it has given `count` events, and gives their names by partition. */
async function follow(script: LogScript, count: number, options: FollowOptions & EventFilter = {}) {
  const seen = new Map<number, string[]>([
    [0, []],
    [1, []],
  ]);
  let left = count;
  const opened = await clientOf(script);
  for await (const { position, event } of opened.events(options)) {
    seen.get(position.partition)?.push(event.reportId);
    left -= 1;
    if (left === 0) break;
  }
  return { seen, requests: server?.subscriptions ?? [] };
}

function idsIn(partition: number, from = 1, isWanted = (sequence: number) => sequence % 5 !== 0): string[] {
  const sequences = Array.from({ length: ENVELOPES - from + 1 }, (_, at) => from + at).filter(isWanted);
  return sequences
    .flatMap((sequence) => eventsOf(partition, sequence))
    .map(({ event }) => event?.reportId ?? '');
}

const ALL = 2 * idsIn(0).length;

describe('following the log', () => {
  it('gives every event but ticks, in the order of each partition', async () => {
    const { seen, requests } = await follow({}, ALL);
    expect([seen.get(0), seen.get(1)]).toEqual([idsIn(0), idsIn(1)]);
    expect(requests).toEqual([{ after: [], partitions: [] }]);
  });

  it.each<[string, Turn['end']]>([
    ['UNAVAILABLE', unavailable('shutting down', 1)],
    ['OVERLOADED', { code: status.RESOURCE_EXHAUSTED, message: 'too many subscribers', retryAfterMs: 1 }],
    ['an end without an error', 'end'],
    ['a reset of the stream', { code: status.CANCELLED, message: 'reset by a proxy' }],
  ])('goes on behind the last position after %s, without a gap or a double', async (_, end) => {
    const faults: Fault[] = [];
    const turns: Turn[] = [
      { messages: 7, end },
      { messages: 0, end },
      { messages: 12, end },
      { messages: 99, end: 'stay' },
    ];
    const onDisconnect = (fault: Fault) => void faults.push(fault);
    const { seen, requests } = await follow({ turns }, ALL, { onDisconnect });
    expect([seen.get(0), seen.get(1)]).toEqual([idsIn(0), idsIn(1)]);
    expect(requests).toHaveLength(4);
    expect(requests[1]?.after).toEqual([
      { partition: 0, sequence: 4 },
      { partition: 1, sequence: 3 },
    ]);
    expect(faults).toHaveLength(3);
  });

  it('goes on when the server was killed mid-stream and is started again', async () => {
    const opened = await clientOf({ turns: [{ messages: 9, end: 'kill' }] });
    const { port } = server as ScriptedLog;
    const disconnects: number[] = [];
    const onDisconnect = (_: Fault, retryInMs: number) => void disconnects.push(retryInMs);
    const seen: string[] = [];
    const restarted = vi.waitFor(async () => {
      expect(disconnects.length).toBeGreaterThan(0);
      server = await startLog({ port });
    });
    for await (const { position, event } of opened.events({ onDisconnect })) {
      if (position.partition === 0) seen.push(event.reportId);
      if (event.reportId === idsIn(1).at(-1)) break;
    }
    await restarted;
    expect(seen).toEqual(idsIn(0));
  });

  it('has no gap and no double, wherever it is interrupted', async () => {
    const ends = fc.constantFrom<Turn['end']>('end', unavailable('away', 1));
    const turn = fc.record({ messages: fc.nat({ max: 2 * ENVELOPES }), end: ends });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 6 }), async (turns) => {
        const { seen } = await follow({ turns: [...turns, { messages: 99, end: 'stay' }] }, ALL);
        client?.close();
        server?.kill();
        expect([seen.get(0), seen.get(1)]).toEqual([idsIn(0), idsIn(1)]);
      }),
      { numRuns: 15 },
    );
  }, 30_000);

  it("waits the server's delay before it goes on", async () => {
    const turns: Turn[] = [
      { messages: 1, end: unavailable('away', 150) },
      { messages: 99, end: 'stay' },
    ];
    let disconnectedMs = 0;
    const onDisconnect = (_: Fault, retryInMs: number) => {
      expect(retryInMs).toBe(150);
      disconnectedMs = performance.now();
    };
    await follow({ turns }, 3, { onDisconnect });
    expect(performance.now() - disconnectedMs).toBeGreaterThanOrEqual(145);
  });

  it.each([
    ['INVALID_INPUT', status.INVALID_ARGUMENT],
    ['CORRUPT_LOG', status.DATA_LOSS],
    ['INTERNAL', status.INTERNAL],
  ])('fails with %s, which a retry cannot help', async (code, grpcStatus) => {
    const turns: Turn[] = [{ messages: 1, end: { code: grpcStatus, message: 'no' } }];
    await expect(follow({ turns }, ALL)).rejects.toMatchObject({ code, message: 'no' });
    expect(server?.subscriptions).toHaveLength(1);
  });

  it('begins behind the given positions, in the given partitions', async () => {
    const after = [{ partition: 1, sequence: 30 }];
    const { seen, requests } = await follow({}, idsIn(1, 31).length, { after, partitions: [1] });
    expect(requests).toEqual([{ after: [{ ...after[0] }], partitions: [1] }]);
    expect([seen.get(0), seen.get(1)]).toEqual([[], idsIn(1, 31)]);
  });

  it('begins now when asked to, except where a position is given', async () => {
    const count = idsIn(0, 39).length;
    const { seen, requests } = await follow({}, count, {
      from: 'now',
      after: [{ partition: 0, sequence: 38 }],
    });
    const now = { partition: 1, sequence: ENVELOPES };
    expect(requests[0]?.after).toEqual([{ partition: 0, sequence: 38 }, now]);
    expect(seen.get(0)).toEqual(idsIn(0, 39));
  });

  it('gives only the types and the vehicle that are asked for', async () => {
    const ticks = idsIn(0, 1, (sequence) => sequence % 5 === 0).filter((id) => id.endsWith('/1'));
    const filter = { types: ['TimeTicked'], subject: 'vehicle-1', partitions: [0] };
    const { seen } = await follow({}, ticks.length, filter);
    expect(seen.get(0)).toEqual(ticks);
  });

  it('gives batches with the position to keep, unfiltered', async () => {
    const opened = await clientOf({});
    const batches = [];
    for await (const batch of opened.eventBatches({ partitions: [0] })) {
      batches.push(batch);
      if (batches.length === ENVELOPES) break;
    }
    expect(batches.map(({ position }) => position.sequence)).toEqual(
      Array.from({ length: ENVELOPES }, (_, at) => at + 1),
    );
    expect(batches.flatMap(({ events }) => events)).toHaveLength(2 * ENVELOPES);
  });

  it.each<[string, LogScript]>([
    ['a message is due', {}],
    ['it waits to connect again', { turns: [{ messages: 1, end: unavailable('away', 60_000) }] }],
  ])('ends without an error when the signal comes while %s', async (_, script) => {
    const abort = new AbortController();
    const opened = await clientOf(script);
    let count = 0;
    for await (const { events } of opened.eventBatches({ signal: abort.signal })) {
      count += events.length;
      setTimeout(() => abort.abort(), 50);
    }
    expect(count).toBeGreaterThan(0);
  });

  it('ends without an error when the signal came before', async () => {
    const opened = await clientOf({});
    const options = { signal: AbortSignal.abort(), from: 'now' as const };
    expect(await Array.fromAsync(opened.events(options))).toEqual([]);
  });

  it.each<[string, LogScript, string]>([
    ['no position', { raw: { events: [], position: undefined } }, 'without the position they reach'],
    [
      'no event',
      {
        raw: { events: [{ position: undefined, event: undefined }], position: { partition: 0, sequence: 1 } },
      },
      'without its position or content',
    ],
    ['bytes that are not a message', { raw: Buffer.from([0xff, 0xff]) }, 'parsing'],
  ])('fails when the server sends %s', async (_, script, message) => {
    await expect(follow(script, 1)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining(message),
    });
  });
});

describe('the log now', () => {
  it('is read from the server with its filter', async () => {
    const opened = await clientOf({});
    const asked = {
      after: [{ partition: 0, sequence: 30 }],
      partitions: [0],
      types: ['X'],
      subject: 'v',
      limit: 7,
      atLeast: [{ partition: 0, sequence: 20 }],
    };
    const events = await Array.fromAsync(opened.readLog(asked));
    expect(server?.reads).toEqual([asked]);
    expect(events.map(({ event }) => event.reportId)).toEqual(idsIn(0, 31, () => true));
  });

  it('has watermarks of the partitions with events', async () => {
    const opened = await clientOf({ describeRefusals: [unavailable('starting', 1)] });
    expect(await opened.watermarks()).toEqual(
      [0, 1].map((partition) => ({ partition, sequence: ENVELOPES })),
    );
    expect(await opened.describeLog()).toHaveLength(3);
    expect(server?.describes).toHaveLength(3);
  });
});
