import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { mongoSettings, natsSettings } from './setting.ts';

const read = (env: Readonly<Record<string, string>>) =>
  readConfig({ nats: natsSettings, mongo: mongoSettings }, { ...URLS, ...env });

const URLS = { ODO_NATS_URL: 'nats://127.0.0.1', ODO_MONGO_URL: 'mongodb://127.0.0.1' };

test.each([
  'mongodb://a.example:27017,b.example:27018/?replicaSet=rs',
  'mongodb://me:p%40ss@a,b,c:1/odograph?tls=true&tlsCAFile=/ca.pem',
  'mongodb+srv://me:p,w@a.example/?appName=a,b',
])('MongoDB may be %s', (url) => {
  expect(read({ ODO_MONGO_URL: url }).mongo.url).toBe(url);
});

const LONG = `nats://me:${'%41'.repeat(40)}%@h`;

test.each([
  'nats://me:100%@h',
  'nats://me:a/b@h',
  'tls://me:%zz@h',
  'nats://me:%ff@h',
  LONG,
  'http://h',
  'nats://',
  'nats://a:1,b:2',
  'nats://a,b:2',
])('NATS may not be %s, and the refusal says how to write a password', (url) => {
  expect(() => read({ ODO_NATS_URL: url })).toThrow(
    /ODO_NATS_URL must be a URL that starts with nats:\/\/ or tls:\/\/ and names one host, with @ : \/ % in a password as %40 %3A %2F %25, not /,
  );
});

test('a file that cannot be read is refused by the name of its setting', () => {
  expect(() => read({ ODO_NATS_CA_FILE: '/nowhere/ca.pem' })).toThrow(
    'ODO_NATS_CA_FILE must be the path of a file that the process can read, not "/nowhere/ca.pem"',
  );
  expect(read({ ODO_NATS_CA_FILE: import.meta.filename }).nats.caFile).toBe(import.meta.filename);
});
