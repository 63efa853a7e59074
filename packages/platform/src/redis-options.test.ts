import { expect, test } from 'vitest';
import { readConfig } from './config/config.ts';
import { redisSettings } from './config/setting.ts';
import { redisTarget } from './redis-options.ts';

const target = (url: string) =>
  redisTarget(readConfig({ redis: redisSettings }, { ODO_REDIS_URL: url }).redis);

test.each([
  ['redis://h', { kind: 'single', hosts: [{ host: 'h', port: 6379 }], database: 0, login: {} }],
  ['redis://:p%40@h:1/3', { hosts: [{ host: 'h', port: 1 }], database: 3, login: { password: 'p@' } }],
  [
    'rediss://me:a%3Ab@[::1]:2',
    { hosts: [{ host: '::1', port: 2 }], login: { username: 'me', password: 'a:b' } },
  ],
  [
    'redis+cluster://a:1,b',
    {
      kind: 'cluster',
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
    },
  ],
  [
    'redis+sentinel://me:x@a,b:2/main',
    { kind: 'sentinel', primary: 'main', hosts: [{ port: 26_379 }, { port: 2 }] },
  ],
])('%s', (url, expected) => {
  expect(target(url)).toMatchObject(expected);
  expect(target(url).tls === undefined).toBe(!url.startsWith('rediss'));
});

test.each([
  ['redis+sentinel://a', 'names no primary: write it as redis+sentinel://host:port/name'],
  ['redis+cluster://a/3', 'names a database, but a cluster has only one'],
  ['redis://a/main', 'must end with the number of a database, or with the port'],
  ['redis://a,b', 'names several hosts: begin it with redis+cluster:// or redis+sentinel://'],
  ['redis://a?x=1', 'cannot be read: write it as redis://user:password@host:port'],
])('%s is refused', (url, why) => expect(() => target(url)).toThrow(`ODO_REDIS_URL ${why}`));

test('files for TLS are refused without TLS', () => {
  const caFile = import.meta.filename;
  expect(() => redisTarget({ url: 'redis://h', caFile })).toThrow(
    'ODO_REDIS_CA_FILE can only be used with TLS: let ODO_REDIS_URL start with rediss, or unset it',
  );
  expect(redisTarget({ url: 'rediss://h', caFile }).tls?.ca).toBeInstanceOf(Buffer);
});

test('Redis may be left out', () => {
  expect(readConfig({ redis: redisSettings }, {}).redis.url).toBe('');
  expect(() => readConfig({ redis: redisSettings }, { ODO_REDIS_URL: 'http://h' })).toThrow(
    'ODO_REDIS_URL must be',
  );
});
