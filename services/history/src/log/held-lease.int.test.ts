import { testMongo } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { logCollections } from './collections.ts';
import { HeldLease } from './held-lease.ts';
import { createPartitionRecords, type Lease, readPartition } from './partition-record.ts';

async function openTestLeases(leaseTtlMs: number) {
  const mongo = await testMongo();
  const collections = logCollections(mongo.db);
  await createPartitionRecords(collections.partitions, 1);
  const leaseOf = (owner: string) => new HeldLease({ partition: 0, owner, collections, leaseTtlMs });
  return {
    collections,
    leaseOf,
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  };
}

const conflict = expect.objectContaining({ code: 'VERSION_CONFLICT' });

test('an owner that was suspended past the end of its lease notices, and cannot renew it or move the watermark', async () => {
  await using leases = await openTestLeases(100);
  const [first, second] = [leases.leaseOf('first'), leases.leaseOf('second')];
  const lease = (await first.acquire()) as Lease;
  first.assertHeld();

  await eventually(() => expect(() => first.assertHeld()).toThrow(conflict));
  await eventually(async () => expect(await second.acquire()).toBeDefined());

  await expect(first.renew(lease)).rejects.toEqual(conflict);
  await expect(first.moveWatermark(lease, { from: 0, to: 5, storedAtMs: 1 })).rejects.toEqual(conflict);
  expect((await readPartition(leases.collections.partitions, 0)).watermark).toBe(0);
});

test('a refused renewal does not make a lost lease look held again', async () => {
  await using leases = await openTestLeases(60_000);
  const [first, second] = [leases.leaseOf('first'), leases.leaseOf('second')];
  const lease = (await first.acquire()) as Lease;
  await leases.collections.partitions.updateOne({ _id: 0 }, { $set: { 'lease.until': new Date(0) } });
  await second.acquire();

  await expect(first.renew(lease)).rejects.toEqual(conflict);
  first.lose();
  expect(() => first.assertHeld()).toThrow(conflict);
  expect(await first.acquire()).toBeUndefined();
  expect(() => first.assertHeld()).toThrow(conflict);
});

test('a lease cannot be acquired by another process until it is released', async () => {
  await using leases = await openTestLeases(60_000);
  const [first, second] = [leases.leaseOf('first'), leases.leaseOf('second')];
  await first.acquire();
  expect(await second.acquire()).toBeUndefined();

  await first.release();
  expect(await second.acquire()).toBeDefined();
  expect(first.isHeld).toBe(false);
});

test('a move of the watermark whose answer was lost succeeds when it is repeated', async () => {
  await using leases = await openTestLeases(60_000);
  const first = leases.leaseOf('first');
  const lease = (await first.acquire()) as Lease;
  const move = { from: 0, to: 5, storedAtMs: 1 };
  await first.moveWatermark(lease, move);

  await expect(first.moveWatermark(lease, move)).resolves.toBeUndefined();
});

test('a lease that ends far in the future, because MongoDB’s clock was set back, can be acquired', async () => {
  await using leases = await openTestLeases(1_000);
  const [first, second] = [leases.leaseOf('first'), leases.leaseOf('second')];
  await first.acquire();
  const until = new Date(Date.now() + 600_000);
  await leases.collections.partitions.updateOne({ _id: 0 }, { $set: { 'lease.until': until } });

  expect(await second.acquire()).toBeDefined();
});
