import { expect, test } from 'vitest';
import { exposuresOf, hostOf } from './exposure.ts';

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '', undefined])(
  'a port that listens on %s is not exposed',
  (host) => {
    expect(exposuresOf({ ODO_GRPC_HOST: host, ODO_METRICS_HOST: host })).toEqual([]);
  },
);

test.each(['0.0.0.0', '::', '10.1.2.3', 'ingest.example', '127.example.com'])(
  'a port that listens on %s is exposed, with what others may do there',
  (host) => {
    expect(exposuresOf({ ODO_GRPC_HOST: host, ODO_METRICS_HOST: host })).toEqual([
      `ODO_GRPC_HOST is ${host}: any program that reaches it may report for any vehicle, read everything, change vehicles and parked events, and set aside a message that halts the log`,
      `ODO_METRICS_HOST is ${host}: any program that reaches it may read the metrics`,
    ]);
  },
);

test.each([
  ['ODO_NATS_URL', 'nats://127.0.0.1:4222'],
  ['ODO_NATS_URL', 'nats://[::1]:4222'],
  ['ODO_NATS_URL', 'nats://me:secret@nats.example'],
  ['ODO_NATS_URL', 'tls://nats.example'],
  ['ODO_MONGO_URL', 'mongodb://localhost,127.0.0.1:27018/?replicaSet=a'],
  ['ODO_MONGO_URL', 'mongodb://%2Ftmp%2Fmongodb-27017.sock'],
  ['ODO_MONGO_URL', 'mongodb://db.example/?replicaSet=a&tls=true'],
  ['ODO_MONGO_URL', 'mongodb+srv://db.example/'],
  ['ODO_REDIS_URL', 'redis+cluster://127.0.0.1:1,localhost:2'],
  ['ODO_REDIS_URL', 'rediss+sentinel://a.example/main'],
])('%s=%s is not exposed', (name, url) => {
  expect(exposuresOf({ [name]: url })).toEqual([]);
});

test.each([
  ['ODO_NATS_URL', 'nats://nats.example:4222'],
  ['ODO_MONGO_URL', 'mongodb://localhost,db.example:27018/?replicaSet=a&tls=false'],
  ['ODO_MONGO_URL', 'mongodb://db.example/?appName=a@b'],
  ['ODO_REDIS_URL', 'redis+cluster://127.0.0.1:1,db.example:2'],
])('%s=%s is exposed', (name, url) => {
  expect(exposuresOf({ [name]: url })).toMatchObject([expect.stringContaining(`${name} is `)]);
});

test('a file with credentials closes NATS', () => {
  const env = { ODO_NATS_URL: 'nats://nats.example:4222', ODO_NATS_CREDENTIALS_FILE: '/run/nats.creds' };
  expect(exposuresOf(env)).toEqual([]);
});

test('the host of an endpoint is what is before the port, without brackets', () => {
  expect(['a:1', '[::1]:1', '127.0.0.1:1', 'a'].map(hostOf)).toEqual(['a', '::1', '127.0.0.1', 'a']);
});
