import { testMongo } from '@odograph/testing/engines';
import { BSON } from 'mongodb';
import { expect, test } from 'vitest';
import { type Checkpoint, type CheckpointDocument, createCheckpoints, type Parked } from './checkpoints.ts';

const checkpointAt = (sequence: number, parked: readonly Parked[]): Checkpoint => {
  return { partition: 0, projection: 'totals', sequence, parked };
};

const parkedVehicles = (count: number): Parked[] =>
  Array.from({ length: count }, (_, index) => {
    const position = { partition: 0, sequence: 1_234_567, index: 12 };
    const subject = `bus-${index}`.padEnd(64, '_');
    return { projection: 'totals', subject, position, reason: 'r'.repeat(200) };
  });

test('MongoDB stores a checkpoint that is as large as it can be, over one that was as large', async () => {
  await using mongo = await testMongo();
  const collection = mongo.db.collection<CheckpointDocument>('checkpoints');
  const { move, read } = createCheckpoints(collection, [{ name: 'totals', version: 1 }]);
  const stored = async () => (await read(0)).get('totals');

  const few = checkpointAt(1, parkedVehicles(20_000));
  await move({ from: checkpointAt(0, []), to: few });
  const document = (await collection.findOne({})) as CheckpointDocument;
  const bytes = BSON.calculateObjectSize(document);
  const bytesEach = bytes - BSON.calculateObjectSize({ ...document, parked: document.parked.slice(1) });
  const count = 20_000 + Math.floor((16 * 1024 * 1024 - bytes) / bytesEach);

  const most = checkpointAt(2, parkedVehicles(count));
  await move({ from: few, to: most });
  expect(await stored()).toEqual(most);
  await move({ from: most, to: { ...most, sequence: 3 } });
  const tooMany = checkpointAt(4, parkedVehicles(count + 1));
  await expect(move({ from: { ...most, sequence: 3 }, to: tooMany })).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
  });
  expect(await stored()).toEqual({ ...most, sequence: 3 });
});
