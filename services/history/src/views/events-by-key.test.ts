import type { StoredEvent } from '@odograph/event-log/log-reader';
import { WorkTurn } from '@odograph/platform/work-turn';
import { turnsOf } from '@odograph/testing/work-turns';
import { expect, test } from 'vitest';
import { reported } from '../log/log.fixture.ts';
import { eventsByKey } from './events-by-key.ts';
import { idsProjection } from './ids.fixture.ts';
import { POISON_SPEED } from './totals.fixture.ts';

/** The slice of a speed is `a`, `b` or `c`. */
function eventsOf(...speeds: number[]): StoredEvent[] {
  return speeds.map((speedKmh, at) => ({
    position: { partition: 0, sequence: at + 1, index: 0 },
    event: reported({ vehicleId: 'bus-1', reportId: `r${at + 1}`, observedAtMs: 1, speedKmh }),
  }));
}

async function sequencesIn(events: readonly StoredEvent[], from: string, to: string, parked = false) {
  const position = { partition: 0, sequence: 1, index: 0 };
  const held = parked ? { projection: 'ids', subject: 'bus-1', position, reason: 'sick' } : undefined;
  const eventsIn = await eventsByKey(idsProjection, { events, parked: held }, new WorkTurn());
  return eventsIn({ from, to }).map((stored) => stored.position.sequence);
}

test('a range has the events of its slices, in order', async () => {
  const events = eventsOf(2, 0, 1, 0, 2);
  expect(await sequencesIn(events, 'a', 'a')).toEqual([2, 4]);
  expect(await sequencesIn(events, 'b', 'c')).toEqual([1, 3, 5]);
  expect(await sequencesIn(events, 'd', 'z')).toEqual([]);
});

test('a range has all events if one is parked or cannot be read, because those after it wait', async () => {
  expect(await sequencesIn(eventsOf(1, POISON_SPEED, 0), 'a', 'a')).toEqual([1, 2, 3]);
  expect(await sequencesIn(eventsOf(1, 0), 'a', 'a', true)).toEqual([1, 2]);
});

test('many events are read in turns', async () => {
  const events = eventsOf(...Array.from({ length: 20_000 }, (_, at) => at % 3));
  expect(await turnsOf(() => sequencesIn(events, 'a', 'b'))).toBeGreaterThan(50);
});
