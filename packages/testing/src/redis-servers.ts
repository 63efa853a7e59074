import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinary } from '@odograph/engines/find-engine';
import { findFreePort } from '@odograph/engines/free-port';
import { startOwned } from '@odograph/engines/owned-process';
import { makeRunDir } from './engines-setup.ts';
import { eventually } from './eventually.ts';
import { touch } from './tls-engines.ts';

/** A server of Redis without a password; `await using` stops it. */
interface RedisServer extends AsyncDisposable {
  readonly port: number;
}

/** A node of a cluster. It answers once it was given the slots. */
export async function startRedisNode(): Promise<RedisServer> {
  const lines = ['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1'];
  return await start('redis.conf', [], lines, NODE_PORT_ABOVE);
}

/** A plain server, such as sentinels watch. */
export async function startPlainRedis(): Promise<RedisServer> {
  return await start('redis.conf', [], []);
}

/** A sentinel that watches a primary under a name. */
export async function startSentinel(name: string, { port }: RedisServer): Promise<RedisServer> {
  const watched = `sentinel monitor ${name} 127.0.0.1 ${port} 1`;
  return await start('sentinel.conf', ['--sentinel'], [watched]);
}

/** The nodes of a cluster talk to each other on a port so far above the one for clients. */
const NODE_PORT_ABOVE = 10_000;

async function start(
  file: string,
  args: readonly string[],
  lines: readonly string[],
  secondPort = 0,
): Promise<RedisServer> {
  const port = await findFreePort(secondPort);
  const dataDir = await makeRunDir();
  const config = join(dataDir, file);
  const usual = [`port ${port}`, 'bind 127.0.0.1', `dir ${dataDir}`, 'set-proc-title no'];
  await writeFile(config, [...usual, ...lines, ''].join('\n'));
  const { stop } = startOwned({
    command: [(await findBinary('redis')).path, config, ...args],
    logFile: join(dataDir, 'redis.log'),
    pidFile: join(dataDir, 'redis.pid'),
    word: dataDir,
    stopTimeoutMs: 10_000,
  });
  await eventually(() => touch(port));
  const dispose = async () => {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { port, [Symbol.asyncDispose]: dispose };
}
