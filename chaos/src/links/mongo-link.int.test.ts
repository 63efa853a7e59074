import { testMongo } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { type Db, MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { atPoint } from './at-point.ts';
import type { FrameAction } from './frames.ts';
import { openLink } from './link.ts';

/** A database, and a client that uses it through a link. */
async function openTestLink({ socketTimeoutMS = 10_000 } = {}) {
  const direct = await testMongo();
  const targetPort = Number(new URL(direct.url).port);
  const link = await openLink({ name: 'history-mongo', targetPort, protocol: 'mongo' });
  const client = new MongoClient(Object.assign(new URL(direct.url), { port: link.port }).href, {
    retryWrites: false,
    heartbeatFrequencyMS: 500,
    socketTimeoutMS,
    serverSelectionTimeoutMS: 500,
    writeConcern: { w: 'majority', journal: true },
  });
  const dispose = async () => {
    await client.close();
    await link.close();
    await direct[Symbol.asyncDispose]();
  };
  const db = client.db(direct.databaseName);
  return { link, direct: direct.db, client, db, [Symbol.asyncDispose]: dispose };
}

const insertOne = (db: Db, number: number) => db.collection('envelopes').insertOne({ number });
const sequenceOf = async (db: Db) => (await checkpoints(db).findOne({ _id: 0 }))?.sequence;
const checkpoints = (db: Db) => db.collection<{ _id: number; sequence: number }>('checkpoints');

/** As in the views: creating a checkpoint compares no sequence, a move of it does. */
const create = (db: Db) =>
  checkpoints(db).updateOne({ _id: 0 }, { $setOnInsert: { sequence: 0 } }, { upsert: true });
const move = (db: Db, from: number, to: number) =>
  checkpoints(db).updateOne({ _id: 0, sequence: from }, { $set: { sequence: to } });

describe('a link to MongoDB', () => {
  test('forwards large documents unchanged', async () => {
    await using opened = await openTestLink();
    const data = Buffer.alloc(15 * 1024 * 1024, 'odograph');
    const things = opened.db.collection<{ _id: number; data: Buffer }>('things');
    await things.insertMany([1, 2, 3].map((_id) => ({ _id, data })));
    for (const { data: found } of await things.find({}, { promoteBuffers: true }).toArray()) {
      expect(data.equals(found)).toBe(true);
    }
  });

  test('that was cut or hung works again when it is healed', async () => {
    await using opened = await openTestLink({ socketTimeoutMS: 500 });
    await insertOne(opened.db, 0);
    for (const fault of ['cut', 'hang', 'reset'] as const) {
      opened.link[fault]();
      if (fault !== 'reset') {
        await expect(insertOne(opened.db, 2)).rejects.toThrow();
      }
      await opened.link.heal();
      await eventually(() => insertOne(opened.db, 1));
    }
  });

  test('matches each reply with its request, even if the server sends several', async () => {
    await using opened = await openTestLink();
    const answered: string[] = [];
    opened.link.watch(({ direction, ...frame }) => {
      if (direction === 'reply' && frame.protocol === 'mongo') {
        answered.push(frame.request ? 'known' : 'unknown');
      }
      return 'pass';
    });
    let beats = 0;
    opened.client.on('serverHeartbeatSucceeded', ({ awaited }) => {
      if (awaited) beats += 1;
    });
    await insertOne(opened.db, 1);
    await eventually(() => expect(beats).toBeGreaterThan(3));
    expect(answered.length).toBeGreaterThan(3);
    expect(answered).not.toContain('unknown');
  });

  test('can lose the answer to an insert that MongoDB has stored', async () => {
    await using opened = await openTestLink({ socketTimeoutMS: 500 });
    const { link, db, direct } = opened;
    const reached = atPoint(link, 'insert answered', { after: 2 }, (frame) => {
      expect(frame).toMatchObject({ command: 'insert', collection: 'envelopes' });
      expect(frame.protocol === 'mongo' && frame.body()).toMatchObject({ n: 1, ok: 1 });
      return 'drop';
    });
    await insertOne(db, 1);
    await expect(insertOne(db, 2)).rejects.toThrow();
    await reached;
    expect(await direct.collection('envelopes').countDocuments()).toBe(2);
    await insertOne(db, 3);
  });

  test('can hold the writer between an insert and what follows it', async () => {
    await using opened = await openTestLink();
    const { link, db, direct } = opened;
    await create(direct);
    const reached = atPoint(link, 'insert answered', {}, async (): Promise<FrameAction> => {
      expect(await direct.collection('envelopes').countDocuments()).toBe(1);
      expect(await sequenceOf(direct)).toBe(0);
      await create(db);
      return 'pass';
    });
    await insertOne(db, 1);
    await reached;
    await move(db, 0, 1);
    expect(await sequenceOf(direct)).toBe(1);
  });

  test('distinguishes a move of a checkpoint from its creation', async () => {
    await using opened = await openTestLink();
    const { link, db, direct } = opened;
    const sent = atPoint(link, 'checkpoint sent', {}, async (): Promise<FrameAction> => {
      expect(await sequenceOf(direct)).toBe(0);
      return 'pass';
    });
    const answered = atPoint(link, 'checkpoint answered', {}, async (): Promise<FrameAction> => {
      expect(await sequenceOf(direct)).toBe(1);
      return 'cut';
    });
    await create(db);
    await expect(move(db, 0, 1)).rejects.toThrow();
    await Promise.all([sent, answered]);
    expect((await move(db, 0, 1)).matchedCount).toBe(0);
  });
});
