import { Event, PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Broadcast, BroadcastEnvelope } from './broadcast.ts';
import type { LogReader, LogStretch, StoredEvent } from './log-reader.ts';
import { subscribe } from './subscribe.ts';

const HEAD = { partition: 0, state: PartitionState.RUNNING, streamCreatedAtMs: 0 };

/** A log in memory whose broadcasts can be lost, doubled and delayed; sequences have gaps, envelopes may be empty. */
function createScriptedLog() {
  const envelopes: { sequence: number; events: StoredEvent[] }[] = [];
  const listeners = new Set<(broadcast: Broadcast, bytes: number) => void>();
  let reads = 0;

  const watermark = () => envelopes.at(-1)?.sequence ?? 0;
  const reader: LogReader = {
    watermark: async () => watermark(),
    async read(_, after, through): Promise<LogStretch> {
      reads += 1;
      const next = envelopes.filter(({ sequence }) => sequence > after && sequence <= through).slice(0, 2);
      const isAll = (next.at(-1)?.sequence ?? through) === through;
      return {
        events: next.flatMap(({ events }) => events),
        through: isAll ? through : (next.at(-1)?.sequence ?? through),
      };
    },
  };

  function commit(gap: number, count: number): Broadcast {
    const previousSequence = watermark();
    const sequence = previousSequence + 1 + gap;
    const events = Array.from({ length: count }, (_, index) => ({
      position: { partition: 0, sequence, index },
      event: Event.create({ reportId: `${sequence}/${index}` }),
    }));
    envelopes.push({ sequence, events });
    const head = { partition: 0, sequence, previousSequence, storedAtMs: 0, bytes: Buffer.of(), fates: [] };
    return { ...HEAD, watermark: sequence, envelopes: [{ ...head, events }] };
  }

  return {
    reader,
    commit,
    broadcast: (broadcast: Broadcast) => {
      for (const listener of listeners) listener(broadcast, 100);
    },
    heartbeat: () => ({ ...HEAD, watermark: watermark(), envelopes: [] }),
    listen: (_: number, listener: (broadcast: Broadcast, bytes: number) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    all: () => envelopes.flatMap(({ events }) => events.map(({ event }) => event.reportId)),
    watermark,
    reads: () => reads,
  };
}

type Step = { gap: number; count: number; delivery: 'once' | 'lost' | 'doubled' | 'late' };
const steps = fc.array(
  fc.record({
    gap: fc.nat(2),
    count: fc.nat(3),
    delivery: fc.constantFrom<Step['delivery']>('once', 'lost', 'doubled', 'late'),
  }),
  { maxLength: 30 },
);

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

type ScriptedLog = ReturnType<typeof createScriptedLog>;

/** Follows a log until `leave` is called, and keeps what it saw. */
function follow({ reader, listen }: ScriptedLog, maxBufferedBytes: number) {
  const leaving = new AbortController();
  const seen: string[] = [];
  const throughs: number[] = [0];
  const stretches = subscribe({
    reader,
    listen,
    partition: 0,
    after: 0,
    signal: leaving.signal,
    maxBufferedBytes,
  });
  const done = (async () => {
    for await (const { events, through } of stretches) {
      seen.push(...events.map(({ event }) => event.reportId));
      throughs.push(through);
    }
  })();
  const leave = async () => {
    leaving.abort();
    await done;
  };
  return { seen, throughs, position: () => throughs.at(-1) ?? 0, leave };
}

/** Commits what the script says, and delivers each broadcast as it says. */
async function play(log: ScriptedLog, script: readonly Step[]): Promise<void> {
  const late: Broadcast[] = [];
  for (const { gap, count, delivery } of script) {
    const broadcast = log.commit(gap, count);
    const times = { once: 1, doubled: 2, lost: 0, late: 0 }[delivery];
    for (let time = 0; time < times; time += 1) log.broadcast(broadcast);
    if (delivery === 'late') late.push(broadcast);
    else for (const delayed of late.splice(0)) log.broadcast(delayed);
    await nextTurn();
  }
}

test('a subscriber sees every event once, in order, even if broadcasts are lost, doubled or late', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.nat(10),
      fc.constantFrom(150, 10_000),
      async (script, before, maxBufferedBytes) => {
        const log = createScriptedLog();
        for (let at = 0; at < before; at += 1) log.commit(0, 1);
        const follower = follow(log, maxBufferedBytes);
        await play(log, script);
        for (let turn = 0; turn < 100 && follower.position() < log.watermark(); turn += 1) {
          log.broadcast(log.heartbeat());
          await nextTurn();
        }
        await follower.leave();
        expect(follower.seen).toEqual(log.all());
        expect(follower.throughs).toEqual([...new Set(follower.throughs)].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});

test('a subscriber that has caught up is served from broadcasts alone', async () => {
  const log = createScriptedLog();
  const ending = new AbortController();
  const { reader, listen } = log;
  const stretches = subscribe({ reader, listen, partition: 0, after: 0, signal: ending.signal });
  const first = stretches.next();
  await new Promise((resolve) => setImmediate(resolve));
  log.broadcast(log.commit(0, 1));

  expect((await first).value).toMatchObject({ through: 1 });
  expect(log.reads()).toBe(0);
  ending.abort();
  await stretches.next();
});

test('a failed read of the log is reported and tried again', async () => {
  const log = createScriptedLog();
  log.commit(0, 1);
  let failures = 2;
  const reader: LogReader = {
    ...log.reader,
    watermark: async (partition) => {
      if (failures-- > 0) throw new Error('away');
      return log.reader.watermark(partition);
    },
  };
  const troubles: unknown[] = [];
  const ending = new AbortController();
  const stretches = subscribe({
    reader,
    listen: log.listen,
    partition: 0,
    after: 0,
    signal: ending.signal,
    onTrouble: (error) => troubles.push(error),
  });

  expect((await stretches.next()).value).toMatchObject({ through: 1 });
  expect(troubles).toHaveLength(2);
  ending.abort();
  await stretches.next();
});

test('a broadcast whose events cannot be opened counts as lost: the log is read instead', async () => {
  const log = createScriptedLog();
  const troubles: unknown[] = [];
  const ending = new AbortController();
  const stretches = subscribe({
    ...{ reader: log.reader, listen: log.listen, partition: 0, after: 0, signal: ending.signal },
    onTrouble: (error) => troubles.push(error),
  });
  const first = stretches.next();
  await nextTurn();
  const { envelopes, ...head } = log.commit(0, 1);
  const [envelope] = envelopes;
  const unknown = {
    ...(envelope as BroadcastEnvelope),
    get events(): readonly StoredEvent[] {
      throw new Error('a form that this program does not know');
    },
  };
  log.broadcast({ ...head, envelopes: [unknown] });

  expect((await first).value).toMatchObject({ through: 1 });
  expect([troubles.length, log.reads()]).toEqual([1, 1]);
  ending.abort();
  await stretches.next();
});

test('without broadcasts for a while, the log is asked for its watermark', async () => {
  vi.useFakeTimers();
  try {
    const log = createScriptedLog();
    const leaving = new AbortController();
    const { reader, listen } = log;
    const stretches = subscribe({ reader, listen, partition: 0, after: 0, signal: leaving.signal });
    const first = stretches.next();
    await vi.advanceTimersByTimeAsync(1);
    log.commit(0, 1);
    await vi.advanceTimersByTimeAsync(10_000);

    expect((await first).value).toMatchObject({ through: 1 });
    leaving.abort();
    await stretches.next();
  } finally {
    vi.useRealTimers();
  }
});
