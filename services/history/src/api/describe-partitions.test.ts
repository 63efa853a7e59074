import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPartitionDescriber } from './describe-partitions.ts';

test('all who ask at the same time share one read of each partition', async () => {
  let reads = 0;
  const checkpoints = { read: async () => new Map([['status', { sequence: 3 }]]) };
  const deps = {
    partitionCount: 2,
    collections: { partitions: { findOne: async () => ({ lease: { owner: 'me' } }) } },
    reader: {
      watermark: async () => {
        reads += 1;
        return 4;
      },
    },
    views: { checkpoints, tails: [] },
    writers: { haltedBecause: () => undefined, troubleOf: () => ({}) },
    liveLog: { health: () => undefined },
  };
  const describe = createPartitionDescriber(deps as never);
  const asked = Array.from({ length: 100 }, () => describe());
  await nextLoopTurn();
  const [first] = await Promise.all(asked);
  expect(first?.map(({ watermark }) => watermark?.sequence)).toEqual([4, 4]);
  expect(reads).toBe(2);
});
