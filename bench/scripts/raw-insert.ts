/** Takes the options of `rawInsert` as JSON in BENCH_OPTIONS, prints the timing as JSON, and drops the database. */
import { MongoClient } from 'mongodb';
import { type RawInsertOptions, rawInsert } from '../src/reference/raw-insert.ts';

const options = JSON.parse(process.env['BENCH_OPTIONS'] ?? '') as RawInsertOptions;
try {
  console.log(JSON.stringify(await rawInsert(options)));
} finally {
  await using client = await MongoClient.connect(options.mongoUrl);
  await client.db(options.database).dropDatabase();
}
