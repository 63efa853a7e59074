import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { LogReader, LogStretch, StoredEvent } from './log-reader.ts';
import { type NewStretch, subscribe } from './subscribe.ts';

/** A log in memory; what it passes on can be lost, doubled, joined and delayed. Sequences have gaps, envelopes may be empty. */
function createScriptedLog() {
  const envelopes: { sequence: number; events: StoredEvent[] }[] = [];
  const listeners = new Set<(stretch: NewStretch, bytes: number) => void>();
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

  function commit(gap: number, count: number): NewStretch {
    const after = watermark();
    const sequence = after + 1 + gap;
    const events = Array.from({ length: count }, (_, index) => ({
      position: { partition: 0, sequence, index },
      event: Event.create({ reportId: `${sequence}/${index}` }),
    }));
    envelopes.push({ sequence, events });
    return { after, events, through: sequence };
  }

  return {
    reader,
    commit,
    pass: (stretch: NewStretch, bytes = 100) => {
      for (const listener of listeners) listener(stretch, bytes);
    },
    heartbeat: () => ({ after: watermark(), events: [], through: watermark() }),
    listen: (_: number, listener: (stretch: NewStretch, bytes: number) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    all: () => envelopes.flatMap(({ events }) => events.map(({ event }) => event.reportId)),
    watermark,
    restore: (count: number) => envelopes.splice(count),
    reads: () => reads,
  };
}

type Step = {
  gap: number;
  count: number;
  delivery: 'once' | 'lost' | 'doubled' | 'late' | 'joined';
  /** Whether the next one comes before the subscriber can take this one. */
  isBurst: boolean;
};
const steps = fc.array(
  fc.record({
    gap: fc.nat(2),
    count: fc.nat(3),
    delivery: fc.constantFrom<Step['delivery']>('once', 'lost', 'doubled', 'late', 'joined'),
    isBurst: fc.boolean(),
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

/** Commits what the script says, and passes each stretch on as it says. */
async function play(log: ScriptedLog, script: readonly Step[]): Promise<void> {
  const late: NewStretch[] = [];
  let before = log.heartbeat() as NewStretch;
  for (const { gap, count, delivery, isBurst } of script) {
    const stretch = log.commit(gap, count);
    const times = { once: 1, doubled: 2, lost: 0, late: 0, joined: 0 }[delivery];
    for (let time = 0; time < times; time += 1) log.pass(stretch);
    if (delivery === 'joined')
      log.pass({ ...stretch, after: before.after, events: [...before.events, ...stretch.events] });
    if (delivery === 'late') late.push(stretch);
    else for (const delayed of late.splice(0)) log.pass(delayed);
    before = stretch;
    if (!isBurst) await nextTurn();
  }
}

test('a subscriber sees every event once, in order, even if stretches are lost, doubled, joined or late', async () => {
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
          log.pass(log.heartbeat());
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

test('a subscriber that has caught up is served from memory alone', async () => {
  const log = createScriptedLog();
  const ending = new AbortController();
  const { reader, listen } = log;
  const stretches = subscribe({ reader, listen, partition: 0, after: 0, signal: ending.signal });
  const first = stretches.next();
  await new Promise((resolve) => setImmediate(resolve));
  log.pass(log.commit(0, 1));

  expect((await first).value).toMatchObject({ through: 1 });
  expect(log.reads()).toBe(0);
  ending.abort();
  await stretches.next();
});

test('for a slow subscriber, stretches without events are kept up to a number of bytes, too', async () => {
  const log = createScriptedLog();
  const ending = new AbortController();
  const { reader, listen } = log;
  const options = { reader, listen, partition: 0, after: 0, signal: ending.signal };
  const stretches = subscribe({ ...options, maxBufferedBytes: 10_000 });
  const first = stretches.next();
  await nextTurn();
  log.pass(log.commit(0, 1));
  await first;
  for (let at = 0; at < 1_000; at += 1) log.pass(log.commit(0, 0), 0);
  expect((await stretches.next()).value).toMatchObject({ through: 3 });
  expect(log.reads()).toBe(1);
  ending.abort();
  await stretches.next();
});

test('a subscriber that is behind takes what waits at once, up to a number of bytes', async () => {
  const log = createScriptedLog();
  const ending = new AbortController();
  const { reader, listen } = log;
  const stretches = subscribe({ reader, listen, partition: 0, after: 0, signal: ending.signal });
  const first = stretches.next();
  await nextTurn();
  for (let at = 0; at < 5; at += 1) log.pass(log.commit(1, 2), 100 * 1_024);
  const taken = [await first, await stretches.next(), await stretches.next()].map(({ value }) => value);
  expect(taken.map((stretch) => stretch && [stretch.events.length, stretch.through])).toEqual([
    [4, 4],
    [4, 8],
    [2, 10],
  ]);
  expect(log.reads()).toBe(0);
  ending.abort();
  await stretches.next();
});

/** Room that a test gives, for one stretch after the other. */
function openRoom() {
  const asking: ((room: Disposable) => void)[] = [];
  const state = { asked: 0, held: 0 };
  const room = () => {
    state.asked += 1;
    return new Promise<Disposable>((resolve) => void asking.push(resolve));
  };
  const give = () => {
    state.asked -= 1;
    state.held += 1;
    const release = () => {
      state.held -= 1;
    };
    asking.shift()?.({ [Symbol.dispose]: release });
  };
  return { room, give, state };
}

/** Follows a log in which two envelopes are stored, with room that the test gives. */
function followInRoom() {
  const log = createScriptedLog();
  for (let at = 0; at < 2; at += 1) log.commit(0, 1);
  const { room, give, state } = openRoom();
  const leaving = new AbortController();
  const { reader, listen } = log;
  const stretches = subscribe({ reader, listen, partition: 0, after: 0, signal: leaving.signal, room });
  return { log, give, state, stretches, leave: () => leaving.abort() };
}

test('a stretch is read when there is room, which is given back when the next one is asked for', async () => {
  const { log, give, state, stretches } = followInRoom();
  const first = stretches.next();
  await nextTurn();
  expect([log.reads(), state]).toEqual([0, { asked: 1, held: 0 }]);
  give();
  expect((await first).value).toMatchObject({ through: 2 });
  expect([log.reads(), state]).toEqual([1, { asked: 0, held: 1 }]);

  const second = stretches.next();
  await nextTurn();
  expect(state).toEqual({ asked: 0, held: 0 });
  log.pass(log.commit(0, 1));
  await nextTurn();
  expect(state).toEqual({ asked: 1, held: 0 });
  give();
  expect((await second).value).toMatchObject({ through: 3 });
  expect(state).toEqual({ asked: 0, held: 1 });
  await stretches.return();
  expect(state).toEqual({ asked: 0, held: 0 });
});

test('a subscriber that leaves while it waits for room takes nothing, and gives the room back', async () => {
  const { log, give, state, stretches, leave } = followInRoom();
  const first = stretches.next();
  await nextTurn();
  leave();
  give();
  expect(await first).toEqual({ done: true, value: undefined });
  expect([log.reads(), state]).toEqual([0, { asked: 0, held: 0 }]);
});

test('a subscriber that waits, for room or for what is new, keeps nothing of what it had', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const { log, give, stretches, state, leave } = followInRoom();
  const seen: WeakRef<object>[] = [];
  /** Asks for the next stretch, without keeping it. */
  const ask = async () => {
    const { value } = await stretches.next();
    if (value) seen.push(new WeakRef(value));
  };
  const areKept = async () => {
    await nextTurn();
    collect();
    return seen.map((stretch) => stretch.deref() !== undefined);
  };
  const first = ask();
  await nextTurn();
  give();
  await first;
  const second = ask();
  expect(await areKept()).toEqual([false]);
  log.pass(log.commit(0, 1));
  await nextTurn();
  give();
  await second;
  log.pass(log.commit(0, 1));
  const third = ask();
  expect(await areKept()).toEqual([false, false]);
  expect(state).toEqual({ asked: 1, held: 0 });
  leave();
  give();
  await third;
});

test('a failed read of the log is reported, with the time since the first one, and tried again', async () => {
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
  const troubles: number[] = [];
  const ending = new AbortController();
  const stretches = subscribe({
    reader,
    listen: log.listen,
    partition: 0,
    after: 0,
    signal: ending.signal,
    onTrouble: (_, failingMs) => troubles.push(failingMs),
  });

  expect((await stretches.next()).value).toMatchObject({ through: 1 });
  expect(troubles).toEqual([0, expect.toSatisfy((failingMs) => failingMs > 0)]);
  ending.abort();
  await stretches.next();
});

test('reads that fail now and then, with others in between, are not one long failure', async () => {
  const log = createScriptedLog();
  for (let count = 0; count < 9; count += 1) log.commit(0, 1);
  let reads = 0;
  const reader: LogReader = {
    ...log.reader,
    read: async (...asked) => {
      reads += 1;
      if (reads % 2 === 0) throw new Error('away');
      return await log.reader.read(...asked);
    },
  };
  const failingMs: number[] = [];
  const ending = new AbortController();
  const { signal } = ending;
  const onTrouble = (_: unknown, ms: number) => void failingMs.push(ms);
  const given = { reader, listen: log.listen, partition: 0, after: 0 };
  for await (const { through } of subscribe({ ...given, signal, onTrouble }))
    if (through === log.watermark()) ending.abort();
  expect(failingMs).toEqual([0, 0, 0, 0]);
});

/** Takes the next stretch while the clock runs as fast as it must. */
async function nextInTime(log: ScriptedLog, act: () => void, after = 0) {
  vi.useFakeTimers();
  const leaving = new AbortController();
  try {
    const { reader, listen } = log;
    const stretches = subscribe({ reader, listen, partition: 0, after, signal: leaving.signal });
    const next = stretches.next().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1);
    act();
    await vi.advanceTimersByTimeAsync(10_000);
    const result = await next;
    leaving.abort();
    await stretches.next();
    return result;
  } finally {
    vi.useRealTimers();
  }
}

test('every few seconds the log is asked for its watermark, if nothing is heard', async () => {
  const log = createScriptedLog();
  const act = () => void log.commit(0, 1);
  expect(await nextInTime(log, act)).toMatchObject({ value: { through: 1 } });
});

test('and if it has nothing new, that is given', async () => {
  const log = createScriptedLog();
  log.commit(0, 1);
  expect(await nextInTime(log, () => undefined, 1)).toMatchObject({ value: { events: [], through: 1 } });
});

test('and also if only heartbeats are heard that are behind', async () => {
  const log = createScriptedLog();
  const act = () => {
    const behind = log.heartbeat();
    log.commit(0, 1);
    setInterval(() => log.pass(behind), 1_000);
  };
  expect(await nextInTime(log, act)).toMatchObject({ value: { through: 1 } });
});

test('a log that ends below what was followed is OUT_OF_RANGE, however it is noticed', async () => {
  const beyond = {
    code: 'OUT_OF_RANGE',
    message: expect.stringMatching(/^the log ends at 0\/1, before 0\/3, .*restored/),
  };
  const log = createScriptedLog();
  for (let at = 0; at < 3; at += 1) log.commit(0, 1);
  expect(await nextInTime(log, () => void log.restore(1), 3)).toMatchObject(beyond);
  expect(await nextInTime(log, () => undefined, 3)).toMatchObject(beyond);
});

test('a watermark that is behind for a moment, as of a new primary, changes nothing', async () => {
  const log = createScriptedLog();
  for (let at = 0; at < 3; at += 1) log.commit(0, 1);
  const stale = [1];
  const reader: LogReader = {
    ...log.reader,
    watermark: async (partition) => stale.shift() ?? log.reader.watermark(partition),
  };
  const act = () => void log.commit(0, 1);
  expect(await nextInTime({ ...log, reader }, act, 3)).toMatchObject({ value: { through: 4 } });
});
