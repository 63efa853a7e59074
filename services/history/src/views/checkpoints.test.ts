import { expect, test } from 'vitest';
import { type Checkpoint, type CheckpointDocument, createCheckpoints, type Parked } from './checkpoints.ts';

/** The checkpoints of one projection over a collection in memory, and what is stored in it. */
function openCheckpoints() {
  const stored = new Map<string, CheckpointDocument>();
  type Filter = Pick<CheckpointDocument, '_id'> & Partial<CheckpointDocument>;
  type Update = { $set?: Partial<CheckpointDocument>; $setOnInsert?: Omit<CheckpointDocument, '_id'> };
  const collection = {
    find: ({ _id: { $in } }: { _id: { $in: string[] } }) => ({
      toArray: async () => $in.flatMap((_id) => stored.get(_id) ?? []),
    }),
    async updateOne({ _id, sequence }: Filter, { $set, $setOnInsert }: Update) {
      const found = stored.get(_id);
      if (!found && $setOnInsert) stored.set(_id, { _id, ...$setOnInsert });
      if (!found || (sequence !== undefined && found.sequence !== sequence)) return { matchedCount: 0 };
      stored.set(_id, { ...found, ...$set });
      return { matchedCount: 1 };
    },
  };
  return createCheckpoints(collection as never, [{ name: 'totals', version: 1 }]);
}

const at = (sequence: number, parked: readonly Parked[] = []): Checkpoint => {
  return { partition: 0, projection: 'totals', sequence, parked };
};

/** Vehicles with ids and reasons that are as long as they can be. */
const parkedVehicles = (count: number): Parked[] =>
  Array.from({ length: count }, (_, index) => {
    const subject = String(index).padStart(64, 'v');
    const position = { partition: 0, sequence: 1_234_567, index: 12 };
    const newer = { type: 'TelemetryReported', version: 3 };
    return { projection: 'totals', subject, position, reason: 'r'.repeat(200), newer };
  });

test('a checkpoint moves from where it was, once', async () => {
  const { move, read } = openCheckpoints();
  await move({ from: at(0), to: at(3) });
  await move({ from: at(0), to: at(3) });
  await move({ from: at(3), to: at(5) });
  await expect(move({ from: at(3), to: at(6) })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
    message: expect.stringContaining('is at 5, not at 3'),
  });
  expect((await read(0)).get('totals')).toEqual(at(5));
});

test('tens of thousands of parked events fit, and more are refused with the way out before MongoDB does', async () => {
  const { move, read } = openCheckpoints();
  const most = at(3, parkedVehicles(45_000));
  await move({ from: at(0), to: most });
  expect((await read(0)).get('totals')).toEqual(most);
  await expect(move({ from: most, to: at(4, parkedVehicles(46_000)) })).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: expect.stringMatching(
      /^the 46000 parked events of totals in partition 0 take \d+ bytes, .*: install/,
    ),
  });
  expect((await read(0)).get('totals')?.sequence).toBe(3);
});
