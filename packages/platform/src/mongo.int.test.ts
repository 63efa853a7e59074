import { startTestMongo, testMongo } from '@odograph/testing/engines';
import type { CommandStartedEvent, Db } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { connectMongo, type Mongo, type MongoOptions } from './mongo.ts';

/** Connects to a new database, and scrapes the metrics of the connection. */
async function connected(options: Partial<MongoOptions> = {}) {
  const test = await testMongo();
  onTestFinished(() => test[Symbol.asyncDispose]());
  const metrics = createMetrics('test');
  const mongo = await connectMongo(
    { ...OPTIONS, url: test.url, database: test.databaseName, ...options },
    metrics.meter,
  );
  onTestFinished(() => mongo.close());
  const endpoint = await metrics.serve({});
  onTestFinished(() => endpoint.stop());
  const scrape = async () => (await fetch(`http://127.0.0.1:${endpoint.port}/metrics`)).text();
  return { mongo, scrape };
}

/** Throws the Fault for an error of the driver. */
async function run<T>({ db, asFault }: Mongo, work: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await work(db);
  } catch (error) {
    throw asFault(error);
  }
}

/** Holds a connection for this time. */
const occupy = (mongo: Mongo, forMs: number) =>
  run(mongo, (db) => db.collection('busy').findOne({ $where: `sleep(${forMs}) || true` }));

const OPTIONS = {
  ...{ name: 'test', database: 'test', serverWaitMs: 5_000 },
  pool: { min: 5, max: 30, waitMs: 2_000 },
};

describe('a connection to MongoDB', () => {
  test('writes to the disks of a majority, reads what a majority has, and drops undefined fields', async () => {
    const { mongo } = await connected();
    const commands: CommandStartedEvent[] = [];
    mongo.client.on('commandStarted', (event) => commands.push(event));
    const vehicles = mongo.db.collection('vehicles');
    await vehicles.insertOne({ vin: 'a', fleet: undefined });
    expect(await vehicles.findOne({}, { projection: { _id: 0 } })).toEqual({ vin: 'a' });
    const [insert, find] = ['insert', 'find'].map((name) =>
      commands.find(({ commandName }) => commandName === name),
    );
    expect(insert?.command).toMatchObject({ writeConcern: { w: 'majority', j: true } });
    expect(find?.command).toMatchObject({ readConcern: { level: 'majority' } });
  });

  test('refuses an operation that gets no connection in time, and counts it', async () => {
    const pool = { min: 1, max: 1, waitMs: 50 };
    const { mongo, scrape } = await connected({ pool });
    await mongo.db.collection('busy').insertOne({});
    const busy = occupy(mongo, 1_500);
    await expect(occupy(mongo, 0)).rejects.toMatchObject({
      name: 'Fault',
      code: 'OVERLOADED',
      limit: '1 connections',
      message: 'all 1 connections to MongoDB were busy for 50 ms',
    });
    expect(await scrape()).toMatch(/^db_client_connection_timeouts_total\{.*\} 1$/m);
    await busy;
    await occupy(mongo, 0);
  });

  test('shows the use of its pool, and how long waits and commands took', async () => {
    const { mongo, scrape } = await connected({ pool: { ...OPTIONS.pool, min: 2, max: 2 } });
    await mongo.db.collection('busy').insertOne({});
    const busy = Promise.all([occupy(mongo, 800), occupy(mongo, 800), occupy(mongo, 0)]);
    await expect.poll(scrape, { timeout: 5_000 }).toMatch(/connection_count\{.*state="used"\} 2$/m);
    expect(await scrape()).toMatch(/^db_client_connection_pending_requests\{.*\} 1$/m);
    await busy;
    const text = await scrape();
    expect(text).toMatch(/connection_count\{.*state="used"\} 0$/m);
    expect(text).toMatch(/^db_client_connection_wait_time_bucket\{.*le="0.999"\} \d+$/m);
    expect(text).toMatch(/operation_duration_count\{.*operation_name="find",db_collection_name="busy"\} 3$/m);
  });

  test('reports that the server is away, at the start and later, and continues when it is back', async () => {
    await using server = await startTestMongo();
    const options = { ...OPTIONS, url: server.url, serverWaitMs: 300 };
    const mongo = await connectMongo(options, createMetrics('test').meter);
    onTestFinished(() => mongo.close());
    await server.kill9();
    const ping = () => run(mongo, (db) => db.command({ ping: 1 }));
    const away = {
      name: 'Fault',
      code: 'UNAVAILABLE',
      message: expect.stringContaining(new URL(server.url).host),
    };
    await expect(ping()).rejects.toMatchObject(away);
    await expect(connectMongo(options, createMetrics('test').meter)).rejects.toMatchObject(away);
    await using back = await startTestMongo({
      dataDir: server.dataDir,
      port: Number(new URL(server.url).port),
    });
    expect(back.url).toBe(server.url);
    await expect.poll(ping, { timeout: 10_000 }).toMatchObject({ ok: 1 });
  });

  test.each([
    ['mongodb://me:hunter2@h/?colour=red', 'option colour is not supported'],
    ['mongodb://h/?tlsCertificateKeyFilePassword=hunter2@x', 'Username contains unescaped characters'],
    ['mongodb://me:hunter2@ter@h/', 'Invalid connection string'],
  ])('refuses a URL that the driver cannot use, without its secret: %s', async (url, why) => {
    const refusal = await connectMongo({ ...OPTIONS, url }, createMetrics('test').meter).catch(String);
    expect(refusal).toMatch(/^Fault: ODO_MONGO_URL is mongodb:\/\/.*, which cannot be used: /);
    expect(refusal).toContain(why);
    expect(refusal).not.toContain('hunter');
  });

  test('gives up an operation that gets no answer in time', async () => {
    const { mongo } = await connected({ answerWaitMs: 200 });
    await mongo.db.collection('busy').insertOne({});
    await expect(occupy(mongo, 3_000)).rejects.toMatchObject({ name: 'Fault', code: 'UNAVAILABLE' });
    await occupy(mongo, 0);
    const long = () =>
      mongo.db.collection('busy').findOne({ $where: 'sleep(1000) || true' }, { maxTimeMS: 50 });
    await expect(run(mongo, long)).rejects.toMatchObject({ name: 'Fault', code: 'UNAVAILABLE' });
  });

  test('says of a server that is asleep that it does not answer, and does not wait for it twice', async () => {
    await using server = await startTestMongo();
    const pool = { min: 1, max: 2, waitMs: 300 };
    const options = { ...OPTIONS, url: server.url, pool, answerWaitMs: 6_000 };
    const mongo = await connectMongo(options, createMetrics('test').meter);
    onTestFinished(() => mongo.close());
    const read = () => run(mongo, (db) => db.collection('any').findOne({}));
    await Promise.all([read(), read()]);
    server.kill('SIGSTOP');
    const startedAtMs = performance.now();
    const faults: { readonly message: string; readonly afterMs: number }[] = [];
    const ask = () =>
      read().catch(({ code, message }) => {
        expect(code).toMatch(/^(OVERLOADED|UNAVAILABLE)$/);
        faults.push({ message, afterMs: performance.now() - startedAtMs });
      });
    const asking = setInterval(ask, 200);
    const saying = (words: string) => faults.find(({ message }) => message.endsWith(words));
    await expect.poll(() => saying('does not answer: no answer for 5 s'), { timeout: 20_000 }).toBeDefined();
    const cutOff = 'does not answer: the connection timed out';
    await expect.poll(() => saying(cutOff), { timeout: 20_000 }).toBeDefined();
    expect(saying(cutOff)?.afterMs).toBeLessThan(2 * options.answerWaitMs);
    clearInterval(asking);
    server.kill('SIGCONT');
    // The driver looks every 10 s whether the server is there again, and each look may take as long as an answer.
    await expect.poll(read, { timeout: 40_000 }).toBeNull();
  }, 90_000);

  test('says that the login is refused if its password has changed', async () => {
    await using server = await startTestMongo();
    const pool = { ...OPTIONS.pool, max: 10 };
    const mongo = await connectMongo({ ...OPTIONS, url: server.url, pool }, createMetrics('test').meter);
    onTestFinished(() => mongo.close());
    await mongo.db.collection('busy').insertOne({});
    await mongo.client.db('admin').command({ updateUser: 'owner', pwd: 'other' });
    const refused = {
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/ refuses the login \(.*\): correct ODO_MONGO_URL$/),
    };
    const all = Array.from({ length: pool.max }, () => occupy(mongo, 1_000));
    // Some of them need a new connection.
    await expect(Promise.all(all)).rejects.toMatchObject(refused);
    await Promise.allSettled(all);
  });

  test('returns other errors unchanged', async () => {
    const { mongo } = await connected();
    const insert = () => run(mongo, (db) => db.collection<{ _id: number }>('once').insertOne({ _id: 1 }));
    await insert();
    await expect(insert()).rejects.toMatchObject({ code: 11_000 });
  });
});
