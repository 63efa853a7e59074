import { type Client, createClient } from '@odograph/client';
import type { RetryOptions } from '@odograph/client/retry';
import { pause } from '@odograph/kernel/clock';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import type { Load, UsersOptions } from './load.ts';
import { createRecorder } from './recorder.ts';
import { drawRequest, drawThinkMs, type UserRequest } from './requests.ts';

/** As few as the channels of backends; none comes near the server's limit of 1,000 concurrent calls. */
const TRANSPORTS = 32;
const DEADLINE_MS = 5_000;
const HOUR_MS = 3_600_000;

/** Users who ask, wait for the answer, think, and ask again. */
export function createUsers({ histories, caches, vehicles, seed }: UsersOptions): Load {
  const clients = Array.from({ length: TRANSPORTS }, (_, at) =>
    createClient({
      history: histories[at % histories.length] ?? '',
      cache: caches[at % caches.length] ?? '',
      maxAttempts: 1,
      channelOptions: { 'grpc.use_local_subchannel_pool': 1 },
    }),
  );
  const { vehicleIds } = createFleet({ movement: 'steps', seed, vehicles });
  const recorder = createRecorder();

  return {
    recorder,
    async work(user, signal) {
      const random = createRandom(seedOf(seed, user));
      const ask = createAsk(clients[user % TRANSPORTS] as Client, vehicleIds);
      await pause(random.next() * drawThinkMs(random), signal);
      while (!signal.aborted) {
        const startMs = performance.now();
        try {
          await ask(drawRequest(random, vehicles), { deadlineMs: DEADLINE_MS, signal });
          recorder.count('answered', 1);
          recorder.time('answered', performance.now() - startMs);
        } catch (error) {
          if (!signal.aborted) recorder.failed(error);
        }
        await pause(drawThinkMs(random), signal);
      }
    },
    async close() {
      for (const client of clients) client.close();
    },
  };
}

const SAMPLES_A_PAGE = 100;

/** Sends the requests of one user, and remembers the page that it reached. */
function createAsk(client: Client, vehicleIds: readonly string[]) {
  let pageToken = '';
  return async (request: UserRequest, options: RetryOptions): Promise<void> => {
    if (request.kind === 'page') {
      pageToken = (await client.latestStatusPage({ ...options, pageToken })).nextPageToken;
      return;
    }
    const vehicleId = vehicleIds[request.vehicle] ?? '';
    if (request.kind === 'status') {
      await client.latestStatus(vehicleId, options);
      return;
    }
    const fromMs = Date.now() - request.hours * HOUR_MS;
    await client.samplePage(vehicleId, { ...options, fromMs, pageSize: SAMPLES_A_PAGE });
  };
}
