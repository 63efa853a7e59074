import type { StoredEvent } from '@odograph/event-log/log-reader';
import { testMongo } from '@odograph/testing/engines';
import { expect, test } from 'vitest';
import { appendEvents } from './append.ts';
import { createLogIndexes, logCollections } from './collections.ts';
import { reported } from './log.fixture.ts';

const HEAD = { vehicleId: 'bus-1', observedAtMs: 1_700_000_000_000 };
const stored = (index: number, reportId: string, speedKmh = 50): StoredEvent => ({
  position: { partition: 0, sequence: 1, index },
  event: reported({ ...HEAD, reportId, speedKmh }),
});

test('a batch with duplicates and conflicts gives the same result when it is appended again', async () => {
  await using mongo = await testMongo();
  const collections = logCollections(mongo.db);
  await createLogIndexes(collections);
  // A report, its duplicate, a conflict, the duplicate of that, and another report.
  const batch = [stored(0, 'a'), stored(1, 'a'), stored(2, 'a', 80), stored(3, 'a', 80), stored(4, 'b')];

  for (let time = 0; time < 2; time += 1) {
    const { committed, duplicates } = await appendEvents(collections.events, batch);
    expect(committed.map(({ position, event }) => [position.index, event.type])).toEqual([
      [0, 'TelemetryReported'],
      [2, 'TelemetryConflicted'],
      [4, 'TelemetryReported'],
    ]);
    expect(duplicates).toBe(2);
  }
  expect(await collections.events.countDocuments()).toBe(3);
});
