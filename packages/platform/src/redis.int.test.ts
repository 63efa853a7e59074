import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { findFreePort } from '@odograph/engines/free-port';
import { startTestRedis } from '@odograph/testing/engines';
import { eventually } from '@odograph/testing/eventually';
import { startPlainRedis, startRedisNode, startSentinel } from '@odograph/testing/redis-servers';
import { certificate } from '@odograph/testing/tls-engines';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from './logger.ts';
import { connectRedis, type RedisOptions } from './redis.ts';

async function open(options: Pick<RedisOptions, 'url' | 'caFile' | 'certFile' | 'keyFile'>) {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  const connection = await connectRedis({ ...options, name: 'test', logger });
  onTestFinished(() => connection.close());
  return { ...connection, warnings };
}

const write = async ({ redis }: Awaited<ReturnType<typeof open>>) => {
  await redis.set('{a}1', 'x');
  return await redis.get('{a}1');
};

test('a server with a password: the right one is used, and a wrong one is refused at the start', async () => {
  await using server = await startTestRedis();
  expect(await write(await open({ url: server.url }))).toBe('x');
  const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
  await expect(open({ url: wrong })).rejects.toThrow(
    /refuses the login \(.*WRONGPASS.*\): correct ODO_REDIS_URL/,
  );
  await expect(open({ url: wrong })).rejects.not.toThrow('wrong@');
  await expect(open({ url: server.url.replace(/\/\/.*@/, '//') })).rejects.toThrow('refuses the login');
});

test('a server that is away does not keep a service from starting, and commands fail', async () => {
  const port = await findFreePort();
  const connection = await open({ url: `redis://127.0.0.1:${port}` });
  expect(connection.isConnected()).toBe(false);
  await expect(connection.redis.get('a')).rejects.toThrow();
  expect(connection.warnings).toContain('Redis does not answer');
});

test('commands fail at once while the server is away, and work again when it is back', async () => {
  const server = await startTestRedis();
  const { dataDir, port } = server;
  const connection = await open({ url: server.url });
  await server.kill9();
  await eventually(() => expect(connection.isConnected()).toBe(false));
  const startedAtMs = performance.now();
  await expect(connection.redis.get('a')).rejects.toThrow();
  expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  await using _again = await startTestRedis({ dataDir, port });
  await eventually(async () => expect(await write(connection)).toBe('x'));
});

test('a cluster is found by one of its nodes', async () => {
  await using node = await startRedisNode();
  const direct = new Redis(node.port, '127.0.0.1');
  onTestFinished(() => direct.disconnect());
  await direct.cluster('ADDSLOTS', ...Array(16_384).keys());
  await eventually(async () => expect(await direct.cluster('INFO')).toContain('cluster_state:ok'));
  expect(await write(await open({ url: `redis+cluster://127.0.0.1:${node.port}` }))).toBe('x');
});

test('sentinels name the primary', async () => {
  await using primary = await startPlainRedis();
  await using sentinel = await startSentinel('main', primary);
  const connection = await open({ url: `redis+sentinel://127.0.0.1:${sentinel.port}/main` });
  expect(await write(connection)).toBe('x');
  const direct = new Redis(primary.port, '127.0.0.1');
  onTestFinished(() => direct.disconnect());
  expect(await direct.get('{a}1')).toBe('x');
});

test('TLS: the certificate must be of the given authority, and that of this process is shown', async () => {
  await using primary = await startPlainRedis();
  const { port, shown } = await startTls(primary.port);
  const url = `rediss://127.0.0.1:${port}`;
  const [caFile, own] = [certificate('ca'), certificate('client')];
  expect(await write(await open({ url, caFile, certFile: own, keyFile: own }))).toBe('x');
  expect(shown()).toBe(true);
  const stranger = await open({ url, caFile: certificate('other-ca') });
  expect(stranger.isConnected()).toBe(false);
  await expect(stranger.redis.get('a')).rejects.toThrow();
});

/** Speaks TLS with clients, and plain text with the server: the Redis of the tests is built without TLS. */
async function startTls(redisPort: number) {
  const pem = readFileSync(certificate('server'));
  const tls = {
    key: pem,
    cert: pem,
    ca: readFileSync(certificate('ca')),
    requestCert: true,
    rejectUnauthorized: false,
  };
  let isShown = false;
  const sockets = new Set<Socket | TLSSocket>();
  const server = createServer(tls, (socket) => {
    isShown ||= socket.authorized;
    const plain = connect(redisPort, '127.0.0.1');
    for (const each of [socket, plain]) {
      sockets.add(each);
      each.on('error', () => [socket, plain].map((end) => end.destroy()));
    }
    socket.pipe(plain).pipe(socket);
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, shown: () => isShown };
}
