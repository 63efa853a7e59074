import { expect, test } from 'vitest';
import { askEngine, placeOf } from './ask-engine.ts';

test.each([
  ['nats', 'nats://127.0.0.1:4122', '127.0.0.1', 4122],
  ['nats', 'tls://nats.example', 'nats.example', 4222],
  ['nats', 'nats://[::1]', '::1', 4222],
  ['nats', 'nats://me:p@ss@nats.example:4333', 'nats.example', 4333],
  ['nats', 'nats://***@nats.example:4333', 'nats.example', 4333],
  ['mongo', 'mongodb://db.example/?appName=a@b', 'db.example', 27_017],
  ['mongo', 'mongodb://me:%40%3A%2F%2C@[fe80::1]:4127/?replicaSet=rs', 'fe80::1', 4127],
] as const)('%s at %s can be knocked at', (kind, url, host, port) => {
  const name = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  expect(placeOf(kind, url)).toEqual({ name, address: { host, port } });
});

test.each([
  ['mongo', 'mongodb+srv://me:***@db.example/?tls=true', 'db.example'],
  ['mongo', 'mongodb://%2Ftmp%2Fmongodb-27017.sock', '/tmp/mongodb-27017.sock'],
  ['mongo', 'mongodb://me:***@a.example:1,[::1]:2/?replicaSet=rs', 'a.example:1,[::1]:2'],
  ['mongo', 'me:secret@db.example:27017', 'db.example:27017'],
  ['nats', 'nats://a:1,b:2', 'a:1,b:2'],
] as const)('%s at %s cannot be, and has a name', (kind, url, name) => {
  expect(placeOf(kind, url)).toEqual({ name });
});

test.each(['nats://a:1,b:2', 'nats.example:4222', 'nats://'])(
  'NATS is not looked for at %s, which no service takes',
  async (url) => {
    const reason = 'its URL must name one server, as nats://host:port or tls://host:port does';
    expect(await askEngine('nats', url, undefined)).toEqual({ state: 'unreachable', reason });
  },
);
