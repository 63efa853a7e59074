import type { Client } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import { Redis } from 'ioredis';
import { connectCache, latestOf } from '../client/cache.ts';
import type { Round, Scenario } from '../round/round.ts';
import { shuffled } from './points.ts';

const ANSWER_WITHIN_MS = 2_000;
/** Of each cache. */
const ASKERS = 4;

export const redisFails: Scenario = {
  name: 'Redis fails',
  description:
    'Redis is killed, paused, flushed and full, and its connections hang: two caches answer as before, only later',
  weight: 2,
  caches: 2,
  async run(round) {
    const faults = shuffled([killed, asleep, flushed, full, cutOff], round);
    for (const fault of faults) {
      const asking = startAsking(round);
      await fault(round);
      await round.heal();
      const { answered, failed } = await asking.stop();
      const shown = `${fault.name}: ${failed.slice(0, 3).join('; ')}`;
      round.expect('a cache answers whatever Redis does', failed.length === 0, shown);
      round.expect('a cache is asked while Redis fails', answered > 10, `${answered} answers`);
    }
  },
};

async function killed(round: Round): Promise<void> {
  await round.cluster.redis?.kill();
  await round.wait(round.random.between(500, 2_000));
}

async function asleep(round: Round): Promise<void> {
  round.cluster.redis?.pause();
  await round.wait(round.random.between(500, 2_000));
}

async function cutOff(round: Round): Promise<void> {
  for (const { name } of round.cluster.caches) await round.link(`${name as 'cache-1'}→redis`).hang();
  await round.wait(round.random.between(500, 2_000));
}

async function flushed(round: Round): Promise<void> {
  const redis = ownerOf(round);
  for (let times = 0; times < 10; times += 1) {
    await redis.flushall();
    await redis.script('FLUSH');
    await round.wait(100);
  }
  redis.disconnect();
}

async function full(round: Round): Promise<void> {
  const redis = ownerOf(round);
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  await redis.config('SET', 'maxmemory', '1');
  await round.wait(round.random.between(500, 2_000));
  await redis.config('SET', 'maxmemory', '0');
  redis.disconnect();
}

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random.index(choices.length)] as T;
}

const ownerOf = ({ cluster }: Round) => new Redis(cluster.urls.redis ?? '');

/** Asks both caches for vehicles, of which some values are made invalid, until it is stopped. */
function startAsking({ cluster, vehicleIds, random }: Round) {
  const clients = cluster.endpoints.caches.map(connectCache);
  const stopping = new AbortController();
  const failed: string[] = [];
  let answered = 0;
  const ask = async (client: Client) => {
    while (!stopping.signal.aborted) {
      const vehicleId = pick(vehicleIds, random);
      let asked = 'delete';
      try {
        if (random.chance(0.3))
          await client.invalidateCache({ keys: [`status:${vehicleId}`] }, { deadlineMs: ANSWER_WITHIN_MS });
        asked = 'read';
        await latestOf(client, vehicleId, { deadlineMs: ANSWER_WITHIN_MS });
        answered += 1;
      } catch (error) {
        if (!isFault(error)) throw error;
        failed.push(`${asked} ${vehicleId}: ${error.code} ${error.message}`);
      }
      await pause(10);
    }
  };
  const asking = Promise.all(clients.flatMap((client) => Array.from({ length: ASKERS }, () => ask(client))));
  const stop = async () => {
    stopping.abort();
    await asking;
    for (const client of clients) client.close();
    return { answered, failed };
  };
  return { stop };
}
