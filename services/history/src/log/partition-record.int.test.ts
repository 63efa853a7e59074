import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import { testMongo } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { expect, test } from 'vitest';
import { logCollections } from './collections.ts';
import {
  acquireLease,
  createPartitionRecords,
  type Lease,
  recordStream,
  releaseLease,
  renewLease,
} from './partition-record.ts';

async function openTestLeases(ttlMs: number) {
  const mongo = await testMongo();
  const { partitions } = logCollections(mongo.db);
  await createPartitionRecords(partitions, 1);
  return {
    partitions,
    acquire: (owner: string) => acquireLease(partitions, 0, owner, ttlMs),
    renew: (lease: Lease) => renewLease(partitions, lease, ttlMs),
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  };
}

test.each([1, 4])('a log of 2 partitions refuses to have %i, and stays as it is', async (wanted) => {
  await using mongo = await testMongo();
  const { partitions } = logCollections(mongo.db);
  await createPartitionRecords(partitions, 2);
  const refused = {
    code: 'RULE_VIOLATED',
    message: expect.stringMatching(/has 2 partitions for good.*leave out --partitions/),
  };
  await expect(createPartitionRecords(partitions, wanted)).rejects.toMatchObject(refused);
  await createPartitionRecords(partitions, 2);
  expect(await partitions.countDocuments()).toBe(2);
});

test('without a wish a log has the partitions that it has, and a new one has the default', async () => {
  await using old = await testMongo();
  await using fresh = await testMongo();
  await createPartitionRecords(logCollections(old.db).partitions, 4);
  expect(await createPartitionRecords(logCollections(old.db).partitions, 0)).toBe(4);
  const { partitions } = logCollections(fresh.db);
  expect(await createPartitionRecords(partitions, 0)).toBe(DEFAULT_PARTITIONS);
  expect(await partitions.countDocuments()).toBe(DEFAULT_PARTITIONS);
});

test('an owner that was suspended past the end of its lease cannot renew it or record a stream', async () => {
  await using leases = await openTestLeases(100);
  const first = (await leases.acquire('first')) as Lease;
  expect(await leases.renew(first)).toBe(true);
  await eventually(async () => expect(await leases.acquire('second')).toBeDefined());

  expect(await leases.renew(first)).toBe(false);
  const stream = { created_at_ms: 1, resumed_sequence: 0 };
  await expect(recordStream(leases.partitions, first, stream)).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  });
});

test('a lease cannot be acquired by another process until it is released', async () => {
  await using leases = await openTestLeases(60_000);
  const first = (await leases.acquire('first')) as Lease;
  expect(await leases.acquire('second')).toBeUndefined();

  await releaseLease(leases.partitions, first);
  expect(await leases.acquire('second')).toBeDefined();
});

test('a lease that ends far in the future, because MongoDB’s clock was set back, can be acquired', async () => {
  await using leases = await openTestLeases(1_000);
  await leases.acquire('first');
  const until = new Date(Date.now() + 600_000);
  await leases.partitions.updateOne({ _id: 0 }, { $set: { 'lease.until': until } });

  expect(await leases.acquire('second')).toBeDefined();
});
